package io.restripe.lab.soak;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.MemberDisk;
import io.restripe.reshape.GrowRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/** What a container's volumes are to become next. */
record Wish(Geometry before, Geometry after) {
    private static final int MOST_MEMBERS = 6;
    private static final int[] CHUNKS = {128, 256};

    /** What a container begins with. */
    static Geometry first(SplittableRandom chance) {
        int chunk = CHUNKS[chance.nextInt(CHUNKS.length)];
        return chance.nextInt(3) == 0 ? new Geometry(new Level.Striped(), 2, chunk) : raid5(3, chunk);
    }

    private static Geometry raid5(int members, int chunkSectors) {
        return new Geometry(new Level.Parity(5, Rotation.LEFT_ASYMMETRIC), members, chunkSectors);
    }

    /** One of the reshapes that there are; null when it has had all that change the number of its disks, and this time nothing else. */
    static Wish next(Geometry now, SplittableRandom chance) {
        List<Geometry> possible = new ArrayList<>();
        int otherChunk = now.chunkSectors() == CHUNKS[0] ? CHUNKS[1] : CHUNKS[0];
        if (now.members() < MOST_MEMBERS) {
            possible.add(new Geometry(now.level(), now.members() + 1, now.chunkSectors()));
            if (now.members() + 2 <= MOST_MEMBERS) {
                possible.add(new Geometry(now.level(), now.members() + 2, now.chunkSectors()));
            }
            if (now.level() instanceof Level.Striped) {
                possible.add(raid5(now.members() + 1, now.chunkSectors()));
            }
        } else if (chance.nextBoolean()) {
            return null;
        }
        possible.add(new Geometry(now.level(), now.members(), otherChunk));
        return new Wish(now, possible.get(chance.nextInt(possible.size())));
    }

    int moreDisks() {
        return after.members() - before.members();
    }

    /** What a person asks for, with disks to be added first. */
    GrowRequest request(String volume, List<MemberDisk> joining) {
        boolean level = before.mdLevel() != after.mdLevel();
        boolean grows = moreDisks() > 0 && !level;
        boolean chunk = before.chunkSectors() != after.chunkSectors();
        return new GrowRequest(
                grows ? null : volume,
                grows ? OptionalInt.of(after.members()) : OptionalInt.empty(),
                chunk ? OptionalInt.of(after.chunkSectors()) : OptionalInt.empty(),
                level ? OptionalInt.of(after.mdLevel()) : OptionalInt.empty(),
                joining);
    }

    @Override
    public String toString() {
        return text(before) + " to " + text(after);
    }

    static String text(Geometry geometry) {
        return "raid" + geometry.mdLevel() + " of " + geometry.members() + ", " + geometry.chunkSectors() / 2
                + " KiB chunks";
    }
}
