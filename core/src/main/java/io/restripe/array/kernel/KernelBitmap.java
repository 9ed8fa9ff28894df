package io.restripe.array.kernel;

import io.restripe.array.Attribute;
import io.restripe.consistency.BitmapArea;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/**
 * The write-intent bitmap of an array of the kernel's whose metadata is external. md keeps its bits, on all members; it is told where they are
 * and how much a bit stands for, which the superblock before them says, and it neither reads nor writes that (docs/md-control.md, section 6).
 * What must be told in one breath is kept until the array starts. Called by whoever configures the array, and for new members.
 */
final class KernelBitmap {
    private static final String NONE = "none";
    private static final String METADATA = "bitmap/metadata";
    private static final String CHUNK_BYTES = "bitmap/chunksize";
    private static final String SECONDS_TO_CLEAR = "bitmap/time_base";
    private static final String USUAL_SECONDS = "5";
    private static final String SET_BITS = "bitmap_set_bits";

    private final MdFolder folder;
    private final MemberNames names;
    private volatile String location = NONE;
    private volatile boolean mayClear = true;

    KernelBitmap(MdFolder folder, MemberNames names) {
        this.folder = folder;
        this.names = names;
    }

    /** Takes what is to be told later, or not at all: md has no word for the policy but the bitmap itself. False: it is md's at once. */
    boolean keeps(Attribute attribute, String value) {
        switch (attribute) {
            case BITMAP_LOCATION -> location = value;
            case BITMAP_CAN_CLEAR -> mayClear = Boolean.parseBoolean(value);
            default -> {
                return attribute == Attribute.CONSISTENCY_POLICY && value.equals(ConsistencyPolicy.BITMAP.word());
            }
        }
        return true;
    }

    /** Tells md of the bitmap if the array is about to start in that state; whether it is, and has one. */
    boolean beforeStart(String state) throws SystemCallException {
        boolean starts = !state.equals("clear")
                && !state.equals("inactive")
                && !location.equals(NONE)
                && folder.read(Attribute.ARRAY_STATE.mdName()).equals("inactive");
        if (starts && folder.read(Attribute.BITMAP_LOCATION.mdName()).equals(NONE)) {
            folder.write(METADATA, "external");
            folder.write(CHUNK_BYTES, Long.toString(Units.bytesOfSectors(chunkSectors())));
            folder.write(SECONDS_TO_CLEAR, USUAL_SECONDS);
            folder.write(Attribute.BITMAP_LOCATION.mdName(), location);
        }
        return starts;
    }

    /** By itself md keeps a bit until the resync that runs has passed it; where one is owed that something else precedes it must be told. */
    void started() throws SystemCallException {
        if (!mayClear && folder.read(Attribute.RESYNC_START.mdName()).equals(NONE)) {
            folder.write(Attribute.BITMAP_CAN_CLEAR.mdName(), "false");
        }
    }

    /**
     * All of an array that runs is about to be resynced: a resync passes over what no bit stands for, and over what a bit that was loaded with the
     * array thought consistent stands for, so every bit is set as one of a chunk that needs it.
     *
     * @param resyncStart as it is written
     */
    void beforeResync(String resyncStart) throws SystemCallException {
        if (resyncStart.equals(NONE)
                || folder.read(Attribute.ARRAY_STATE.mdName()).equals("inactive")
                || !folder.read(Attribute.BITMAP_LOCATION.mdName()).startsWith("+")) {
            return;
        }
        folder.write(SET_BITS, "0-" + (atMostBits() - 1));
    }

    /** So many bits stand for all of the array, however its level counts a resync. md goes through each number that it is told. */
    private long atMostBits() throws SystemCallException {
        long bytes = Units.bytesOfSectors(Units.SECTORS_PER_KIB)
                * number(Attribute.COMPONENT_SIZE.mdName())
                * number(Attribute.RAID_DISKS.mdName());
        return Math.max(1, Math.ceilDiv(bytes, number(CHUNK_BYTES)));
    }

    private long number(String attribute) throws SystemCallException {
        String text = folder.read(attribute);
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new SystemCallException(attribute + " \"" + text + "\"", Errno.EINVAL);
        }
    }

    /** Sectors of a member that a bit stands for, by the members that have a slot and are whole. */
    private long chunkSectors() throws SystemCallException {
        long bits = bitsSector(location);
        OptionalLong found = OptionalLong.empty();
        for (String device : folder.devices()) {
            MemberDisk disk = names.disk(names.serial(device));
            if (disk == null || !isWhole(device)) {
                continue;
            }
            OptionalLong here = BitmapArea.chunkSectors(read(disk, bits - BitmapArea.HEADER_SECTORS));
            if (found.isPresent() && here.isPresent() && here.getAsLong() != found.getAsLong()) {
                throw new SystemCallException(
                        "the members' write-intent bitmaps differ in what a bit stands for: one says "
                                + found.getAsLong() + " sectors, " + disk.name() + " " + here.getAsLong(),
                        Errno.EINVAL);
            }
            found = here.isPresent() ? here : found;
        }
        if (found.isEmpty()) {
            throw new SystemCallException(
                    "no member has the superblock of a write-intent bitmap at sector "
                            + (bits - BitmapArea.HEADER_SECTORS) + "; --backend=embedded compares everything then",
                    Errno.EINVAL);
        }
        return found.getAsLong();
    }

    private boolean isWhole(String device) throws SystemCallException {
        return !folder.read(MdFolder.member(device, "slot")).equals(NONE)
                && folder.read(MdFolder.member(device, "state")).contains("in_sync")
                && folder.read(MdFolder.member(device, "recovery_start")).equals(NONE);
    }

    private static long bitsSector(String location) throws SystemCallException {
        try {
            return Long.parseLong(location.substring(1));
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw new SystemCallException("bitmap/location \"" + location + "\"", Errno.EINVAL);
        }
    }

    /**
     * A member of an array that runs is about to get a slot: its superblock becomes that of the others, and all its bits are set. md writes them
     * over, page by page, as they change. Durable on return.
     *
     * @param slot as it is written
     */
    void give(String serial, String slot) throws SystemCallException {
        MemberDisk joining = names.disk(serial);
        if (joining == null
                || slot.equals(NONE)
                || folder.read(Attribute.ARRAY_STATE.mdName()).equals("inactive")) {
            return;
        }
        String where = folder.read(Attribute.BITMAP_LOCATION.mdName());
        if (!where.startsWith("+")) {
            return;
        }
        long header = bitsSector(where) - BitmapArea.HEADER_SECTORS;
        SystemCallException last =
                new SystemCallException("no member has its superblock at sector " + header, Errno.EINVAL);
        for (String device : folder.devices()) {
            MemberDisk other = names.disk(names.serial(device));
            if (other == null || other.serial().equals(serial) || !isWhole(device)) {
                continue;
            }
            try {
                MemorySegment superblock = read(other, header);
                if (BitmapArea.chunkSectors(superblock).isPresent()) {
                    fill(joining, header, superblock);
                    return;
                }
            } catch (SystemCallException e) {
                last = e; // another one may have it
            }
        }
        throw last;
    }

    private static void fill(MemberDisk disk, long header, MemorySegment superblock) throws SystemCallException {
        long bits = BitmapArea.AREA_SECTORS - BitmapArea.BITS_SECTOR;
        MemorySegment set = Buffers.allocate(bits);
        set.fill((byte) 0xff);
        try {
            disk.disk().write(header, superblock);
            disk.disk().write(header + BitmapArea.HEADER_SECTORS, set);
            disk.disk().flush();
        } catch (DiskException e) {
            throw new SystemCallException("it does not take the write-intent bitmap: " + e.getMessage(), Errno.EIO);
        }
    }

    private static MemorySegment read(MemberDisk disk, long sector) throws SystemCallException {
        MemorySegment into = Buffers.allocate(BitmapArea.HEADER_SECTORS);
        try {
            disk.disk().read(sector, into);
        } catch (DiskException e) {
            throw new SystemCallException("its write-intent bitmap cannot be read: " + e.getMessage(), Errno.EIO);
        }
        return into;
    }
}
