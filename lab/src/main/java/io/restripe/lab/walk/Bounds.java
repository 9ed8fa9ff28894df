package io.restripe.lab.walk;

import io.restripe.geometry.Geometry;
import io.restripe.reshape.ReshapeShape;
import java.util.Arrays;
import java.util.List;

/**
 * How large a world is walked.
 *
 * @param volumes that go through the same reshape, one after the other
 * @param messages most requests in flight at once
 * @param twice whether a request may arrive twice
 */
public record Bounds(String name, ReshapeShape shape, int volumes, int messages, boolean twice) {
    private static final int CHUNK = 2;
    private static final int DEPTH = 4;

    private static Bounds of(String name, Geometry before, Geometry after, long end, int volumes) {
        ReshapeShape shape = new ReshapeShape(before, after, (long) DEPTH * after.dataMembers(), DEPTH, end);
        return new Bounds(name, shape, volumes, 2, true);
    }

    /** One of each kind, small enough for every build. */
    public static List<Bounds> small() {
        return List.of(
                of("grow-3-to-4", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 16, 1),
                of("grow-3-to-5", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 5, CHUNK), 10, 1),
                of("chunk", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 3, 2 * CHUNK), 8, 1),
                of("raid0-to-raid5", Geometry.ofMd(0, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 6, 1),
                of("two-volumes", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 6, 2));
    }

    /** Longer reshapes of the same kinds, up to steps of many units. */
    public static List<Bounds> large() {
        return List.of(
                of("grow-3-to-4-long", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 60, 1),
                of("grow-2-to-3-raid0-long", Geometry.ofMd(0, 0, 2, CHUNK), Geometry.ofMd(0, 0, 3, CHUNK), 62, 1),
                of("grow-4-to-5-long", Geometry.ofMd(5, 0, 4, CHUNK), Geometry.ofMd(5, 0, 5, CHUNK), 60, 1),
                of("chunk-long", Geometry.ofMd(5, 0, 3, 2 * CHUNK), Geometry.ofMd(5, 0, 3, CHUNK), 96, 1),
                of("two-volumes-long", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 30, 2),
                of("three-volumes", Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), 16, 3));
    }

    /** Those of these names, with commas between them; the small ones for null, "large" for the large ones. */
    public static List<Bounds> named(String names) {
        if (names == null) {
            return small();
        }
        if (names.equals("large")) {
            return large();
        }
        return Arrays.stream(names.split(",")).map(Bounds::named1).toList();
    }

    private static Bounds named1(String name) {
        return java.util.stream.Stream.concat(small().stream(), large().stream())
                .filter(b -> b.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no bounds " + name));
    }

    /** Device sectors that the array relocates at once. */
    long row() {
        return Math.max(shape.before().chunkSectors(), shape.after().chunkSectors());
    }

    /** Array position that the last sector behind a device position has in the new layout. */
    long positionOf(long devicePosition) {
        return devicePosition * shape.after().dataMembers();
    }

    /** First device position of the old layout that a unit's source uses. */
    long sourceOf(long unit) {
        return shape.safeBound(shape.positionOfUnit(unit));
    }
}
