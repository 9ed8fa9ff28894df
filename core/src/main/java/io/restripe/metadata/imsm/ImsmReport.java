package io.restripe.metadata.imsm;

import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What one member's metadata says, for people and for programs: the values that {@code mdadm -E} prints for it (docs/imsm.md, chapter
 * 5), from this member alone.
 *
 * @param values name -> value, in the order of printing: text, Long, Boolean, List or Map of such; sectors are of 512 bytes
 */
public record ImsmReport(Map<String, Object> values) {
    /**
     * Reads a member.
     *
     * @return empty when it does not carry this format
     * @throws MetadataException when it does, and the bytes are damaged
     */
    public static Optional<ImsmReport> of(MemberDisk member) throws MetadataException, DiskException {
        Optional<ImsmClaim> claim = ImsmFormat.claim(member);
        if (claim.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new ImsmReport(new ReportBuilder(claim.get()).build()));
    }

    /** The report as lines: {@code name: value}, structures indented under their name. */
    public String text() {
        StringBuilder text = new StringBuilder();
        append(text, values, 0);
        return text.toString();
    }

    private static void append(StringBuilder text, Map<?, ?> values, int depth) {
        values.forEach((key, value) -> {
            String label = "  ".repeat(depth) + words(String.valueOf(key));
            switch (value) {
                case Map<?, ?> inner -> {
                    text.append(label).append(":\n");
                    append(text, inner, depth + 1);
                }
                case List<?> list -> {
                    for (Object entry : list) {
                        text.append(label).append(":\n");
                        append(text, (Map<?, ?>) entry, depth + 1);
                    }
                }
                default -> text.append(label).append(": ").append(value).append('\n');
            }
        });
    }

    /** "memberSectors" -> "member sectors". */
    private static String words(String key) {
        return key.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
    }
}
