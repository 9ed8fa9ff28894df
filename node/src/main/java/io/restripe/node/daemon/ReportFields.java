package io.restripe.node.daemon;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A format's report in the ways of all JSON answers: names with hyphens, numbers as numbers, and what there is not is left out. Pure.
 */
final class ReportFields {
    /** Values that a person reads as a number with a word, or as "none". */
    private static final Set<String> SLOTS = Set.of("table-entry", "failed-slot", "this-slot");

    private static final String OUT_OF_SYNC = " (out of sync)";

    private ReportFields() {}

    static Map<String, Object> of(Map<?, ?> values) {
        Map<String, Object> fields = new LinkedHashMap<>();
        values.forEach((key, value) ->
                put(fields, String.valueOf(key).replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT), value));
        return fields;
    }

    private static void put(Map<String, Object> fields, String name, Object value) {
        if (!SLOTS.contains(name)) {
            fields.put(name, inner(value));
            return;
        }
        String text = String.valueOf(value);
        if (!text.equals("none")) {
            fields.put(name, Long.parseLong(text.replace(OUT_OF_SYNC, "")));
            if (text.endsWith(OUT_OF_SYNC)) {
                fields.put(name + "-out-of-sync", true);
            }
        }
    }

    private static Object inner(Object value) {
        return switch (value) {
            case Map<?, ?> map -> of(map);
            case List<?> list -> list.stream().map(ReportFields::inner).toList();
            default -> value;
        };
    }
}
