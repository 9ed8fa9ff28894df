package io.restripe.geometry;

import io.restripe.unit.Units;
import java.util.Objects;

/**
 * The shape of an array: level, members, chunk; and with it the place of every sector. Pure arithmetic, in sectors of 512 bytes;
 * member sectors count from the member's data offset. The formulas are those of docs/layouts.md, checked against real md's
 * placement.
 *
 * <p>A <b>row</b> is one chunk on every member at the same member sector: row r is [r*chunk, (r+1)*chunk) of each. For parity
 * levels a row holds {@link #dataMembers} data chunks and the parity over them.
 *
 * @param level what a row is made of
 * @param members raid disks, parity included
 * @param chunkSectors sectors in a chunk
 */
public record Geometry(Level level, int members, int chunkSectors) {
    public Geometry {
        Objects.requireNonNull(level);
        int least = switch (level) {
            case Level.Striped _ -> 1;
            case Level.Parity p -> p.parityMembers() == 2 ? 4 : 2;
            case Level.Mirrored _ -> 1;
            case Level.Near n -> n.near();
        };
        if (members < least || members > 255) {
            throw new IllegalArgumentException(
                    members + " members: level " + level.mdLevel() + " takes " + least + " to 255");
        }
        if (chunkSectors < 1) {
            throw new IllegalArgumentException("chunk of " + chunkSectors + " sectors");
        }
    }

    /** The geometry that md calls by these numbers; throws IllegalArgumentException for what is not supported. */
    public static Geometry ofMd(int mdLevel, int mdLayout, int raidDisks, int chunkSectors) {
        Level level = switch (mdLevel) {
            case 0 -> new Level.Striped();
            case 1 -> new Level.Mirrored();
            case 4 -> new Level.Parity(4, Rotation.PARITY_LAST);
            case 5, 6 -> new Level.Parity(mdLevel, Rotation.ofMdLayout(mdLevel, mdLayout));
            case 10 -> {
                if (mdLayout >> 8 != 1) {
                    throw new IllegalArgumentException(
                            "RAID10 layout " + mdLayout + " (0x" + Integer.toHexString(mdLayout)
                                    + ") is not a near layout; far and offset are not supported");
                }
                yield new Level.Near(mdLayout & 0xff);
            }
            default -> throw new IllegalArgumentException("level " + mdLevel + " is not supported");
        };
        return new Geometry(level, raidDisks, chunkSectors);
    }

    public int mdLevel() {
        return level.mdLevel();
    }

    public int mdLayout() {
        return level.mdLayout();
    }

    /** Parity members of a row: 0, 1 or 2. */
    public int parityMembers() {
        return level instanceof Level.Parity p ? p.parityMembers() : 0;
    }

    /**
     * Members whose worth of sectors the array offers. The only "minus parity" in the product. RAID10 on a number of members that
     * its copies do not divide offers a fraction more than this, see {@link #arraySectors}.
     */
    public int dataMembers() {
        return switch (level) {
            case Level.Striped _ -> members;
            case Level.Parity p -> members - p.parityMembers();
            case Level.Mirrored _ -> 1;
            case Level.Near n -> members / n.near();
        };
    }

    /** How many members may be lost whatever they are. (RAID10 may survive more when they are the right ones.) */
    public int redundancy() {
        return switch (level) {
            case Level.Striped _ -> 0;
            case Level.Parity p -> p.parityMembers();
            case Level.Mirrored _ -> members - 1;
            case Level.Near n -> n.near() - 1;
        };
    }

    /** Array sectors in a row of a striped or parity level. */
    public long rowSectors() {
        return (long) dataMembers() * chunkSectors;
    }

    /** Sectors the array offers when each member gives so many; the component is first rounded down to the chunk. */
    public long arraySectors(long componentSectors) {
        return switch (level) {
            case Level.Mirrored _ -> componentSectors;
            case Level.Near n -> componentSectors / chunkSectors * members / n.near() * chunkSectors;
            case Level.Striped _, Level.Parity _ ->
                Math.multiplyExact(Units.floorToUnit(componentSectors, chunkSectors), (long) dataMembers());
        };
    }

    /** The member that holds P of a row, -1 where the level has none. */
    public int parityMember(long row) {
        if (!(level instanceof Level.Parity p)) {
            return -1;
        }
        int turn = (int) (row % members);
        int k = dataMembers();
        return switch (p.rotation()) {
            case LEFT_ASYMMETRIC, LEFT_SYMMETRIC -> members - 1 - turn;
            case RIGHT_ASYMMETRIC, RIGHT_SYMMETRIC -> turn;
            case PARITY_FIRST -> 0;
            case PARITY_LAST -> k;
        };
    }

    /** The member that holds Q of a row, -1 where the level has none. */
    public int qMember(long row) {
        return parityMembers() == 2 ? (parityMember(row) + 1) % members : -1;
    }

    /** The member that holds data chunk {@code index} (0 to dataMembers-1) of a row of a striped or parity level. */
    public int memberOfData(long row, int index) {
        if (!(level instanceof Level.Parity p)) {
            return index;
        }
        int first = parityMember(row);
        int parityCount = p.parityMembers();
        return switch (p.rotation()) {
            case LEFT_SYMMETRIC, RIGHT_SYMMETRIC -> (first + parityCount + index) % members;
            case PARITY_FIRST -> index + parityCount;
            case PARITY_LAST -> index;
            case LEFT_ASYMMETRIC, RIGHT_ASYMMETRIC -> skipParity(first, parityCount, index);
        };
    }

    private int skipParity(int first, int parityCount, int index) {
        if (parityCount == 1) {
            return index < first ? index : index + 1;
        }
        int second = (first + 1) % members;
        int low = Math.min(first, second);
        int high = Math.max(first, second);
        int member = index;
        if (member >= low) {
            member++;
        }
        if (member >= high) {
            member++;
        }
        return member;
    }

    /** Which data chunk of a row of a striped or parity level a member holds, -1 when it holds parity. */
    public int dataIndex(long row, int member) {
        if (!(level instanceof Level.Parity p)) {
            return member;
        }
        int first = parityMember(row);
        int second = qMember(row);
        if (member == first || member == second) {
            return -1;
        }
        int parityCount = p.parityMembers();
        return switch (p.rotation()) {
            case LEFT_SYMMETRIC, RIGHT_SYMMETRIC -> Math.floorMod(member - first - parityCount, members);
            case PARITY_FIRST -> member - parityCount;
            case PARITY_LAST -> member;
            case LEFT_ASYMMETRIC, RIGHT_ASYMMETRIC ->
                member - (first < member ? 1 : 0) - (second >= 0 && second < member ? 1 : 0);
        };
    }

    /**
     * The power of the generator with which data chunk {@code index} of a row of a RAID6 enters Q: how many data chunks come before it
     * when the members are walked cyclically from the one behind Q (docs/layouts.md, section 5). Powers of a row are 0 to
     * dataMembers-1, each once.
     */
    public int qPower(long row, int index) {
        int start = qMember(row) + 1;
        int steps = Math.floorMod(memberOfData(row, index) - start, members);
        boolean passesP = Math.floorMod(parityMember(row) - start, members) < steps;
        return passesP ? steps - 1 : steps;
    }

    /**
     * The array sector that a member sector holds; the inverse of {@link #forEachPiece} and, for RAID1 and RAID10, of every copy.
     *
     * @param memberSector from the member's data offset
     * @return -1 where the member holds parity; past the array's end in the tail that RAID10 leaves unused
     */
    public long arraySectorOf(int member, long memberSector) {
        if (level instanceof Level.Mirrored) {
            return memberSector;
        }
        long row = memberSector / chunkSectors;
        long inChunk = memberSector % chunkSectors;
        if (level instanceof Level.Near n) {
            return (row * members + member) / n.near() * chunkSectors + inChunk;
        }
        int index = dataIndex(row, member);
        return index < 0 ? -1 : row * rowSectors() + (long) index * chunkSectors + inChunk;
    }

    /** Receives the pieces of a request. */
    @FunctionalInterface
    public interface PieceVisitor {
        /**
         * One piece; pieces come in the order of the request.
         *
         * @param member slot that holds the piece (RAID1 and RAID10: the first of its copies)
         * @param memberSector where on it, from its data offset
         * @param sectors length; a piece never crosses a chunk border
         * @param requestOffset where in the request, in sectors
         */
        void piece(int member, long memberSector, int sectors, long requestOffset);
    }

    /** Splits the array range {@code [arraySector, arraySector + sectors)} at chunk borders, in ascending order. */
    public void forEachPiece(long arraySector, long sectors, PieceVisitor visitor) {
        for (long done = 0; done < sectors; ) {
            long at = arraySector + done;
            long chunk = at / chunkSectors;
            int inChunk = (int) (at % chunkSectors);
            int length = (int) Math.min(chunkSectors - inChunk, sectors - done);
            switch (level) {
                case Level.Mirrored _ -> visitor.piece(0, at, length, done);
                case Level.Near n -> {
                    long copy = Math.multiplyExact(chunk, (long) n.near());
                    visitor.piece((int) (copy % members), copy / members * chunkSectors + inChunk, length, done);
                }
                case Level.Striped _, Level.Parity _ -> {
                    long row = chunk / dataMembers();
                    int member = memberOfData(row, (int) (chunk % dataMembers()));
                    visitor.piece(member, row * chunkSectors + inChunk, length, done);
                }
            }
            done += length;
        }
    }

    /** Copies of every piece: 1 for striped and parity levels. */
    public int copies() {
        return switch (level) {
            case Level.Striped _, Level.Parity _ -> 1;
            case Level.Mirrored _ -> members;
            case Level.Near n -> n.near();
        };
    }

    /** The member of copy {@code copy} of a piece whose first copy lies on {@code firstMember}. */
    public int memberOfCopy(int firstMember, int copy) {
        return (firstMember + copy) % members;
    }

    /** The member sector of copy {@code copy} of a piece whose first copy lies at {@code firstMember}, {@code memberSector}. */
    public long sectorOfCopy(int firstMember, long memberSector, int copy) {
        return firstMember + copy < members ? memberSector : memberSector + chunkSectors;
    }

    @Override
    public String toString() {
        return "RAID" + mdLevel() + "/" + mdLayout() + " x" + members + " chunk " + chunkSectors;
    }
}
