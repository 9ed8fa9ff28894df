package io.restripe.array;

import io.restripe.unit.SectorRange;
import io.restripe.unit.SectorRanges;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of {@code bad_blocks} or {@code unacknowledged_bad_blocks}: a line {@code SECTOR LENGTH} an entry, ascending, sectors of the
 * whole disk (docs/md-control.md, section 4).
 *
 * @param sectors what it says
 * @param knownTo sector up to which it says all there is: a text has no more than a page
 */
public record BadBlockList(List<SectorRange> sectors, long knownTo) {
    /** None at all. */
    public static final BadBlockList NONE = new BadBlockList(List.of(), Long.MAX_VALUE);

    private static final int PAGE_CHARS = 4096;
    /** An entry is no longer. */
    private static final int ENTRY_CHARS = 25;

    public BadBlockList {
        sectors = List.copyOf(sectors);
    }

    static BadBlockList parse(String array, String attribute, String text) throws AttributeException {
        List<SectorRange> found = new ArrayList<>();
        boolean cut = text.length() > PAGE_CHARS - ENTRY_CHARS;
        List<String> lines = text.lines().toList();
        for (String line : cut ? lines.subList(0, lines.size() - 1) : lines) {
            String[] words = line.strip().split(" ", 2);
            try {
                long sector = Long.parseLong(words[0]);
                found.add(new SectorRange(sector, sector + Long.parseLong(words[1])));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw new AttributeException(array, attribute, null, Errno.EIO, "no bad block: \"" + line + "\"");
            }
        }
        long knownTo = cut ? found.getLast().end() : Long.MAX_VALUE;
        return new BadBlockList(SectorRanges.union(found), knownTo);
    }

    /** The line of one entry. */
    public static String entry(SectorRange bad) {
        return bad.start() + " " + bad.length();
    }
}
