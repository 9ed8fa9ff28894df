package io.restripe.lab.kernel;

import io.restripe.metadata.Container;
import io.restripe.metadata.Volume;
import io.restripe.unit.Units;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A container with one volume: what {@code mdadm -E} prints of it, or the same figures out of our model, so that the two can be
 * compared as a whole.
 */
record Examined(
        String uuid,
        long generation,
        int disks,
        String volume,
        String volumeUuid,
        int level,
        int members,
        int chunkKib,
        long arraySectors,
        long offsetSectors,
        long stripes,
        boolean dirty) {
    /** Of the text for one member. */
    static Examined parse(String text) {
        String levelText = find(text, "RAID Level : (\\d+)");
        return new Examined(
                find(text, " UUID : (\\S+)"),
                Long.parseLong(find(text, "Generation : (\\S+)"), 16),
                Integer.parseInt(find(text, " Disks : (\\d+)")),
                find(text, "(?m)^\\[(.*)\\]:"),
                find(text, "Subarray : \\d+\\s+UUID : (\\S+)"),
                Integer.parseInt(levelText),
                Integer.parseInt(find(text, " Members : (\\d+)")),
                Integer.parseInt(find(text, "Chunk Size : (\\d+) KiB")),
                Long.parseLong(find(text, "Array Size : (\\d+)")),
                Long.parseLong(find(text, "Sector Offset : (\\d+)")),
                Long.parseLong(find(text, "Num Stripes : (\\d+)")),
                find(text, "Dirty State : (\\w+)").equals("dirty"));
    }

    /** The same figures of our model. */
    static Examined of(Container container) {
        Volume volume = container.volumes().getFirst();
        int level = volume.geometry().mdLevel();
        // IMSM counts the stripes of a mirrored volume once for each copy (docs/imsm.md 4.2).
        int copies = level == 1 || level == 10 ? 2 : 1;
        return new Examined(
                container.uuid(),
                container.generation(),
                (int) container.disks().stream().filter(d -> d.index() >= 0).count(),
                volume.name(),
                volume.uuid(),
                level,
                volume.geometry().members(),
                volume.geometry().chunkSectors() / Units.SECTORS_PER_KIB,
                volume.arraySectors(),
                volume.dataOffset(),
                volume.componentSectors() / volume.geometry().chunkSectors() / copies,
                volume.dirty());
    }

    private static String find(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no " + pattern + " in\n" + text);
        }
        return matcher.group(1);
    }
}
