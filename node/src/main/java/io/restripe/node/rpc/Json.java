package io.restripe.node.rpc;

import io.restripe.rule.Finding;
import io.restripe.rule.Problem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.jr.ob.JSON;

/** JSON texts to and from plain maps, and the typed look into such a map that does not trust it. Stateless. */
public final class Json {
    private static final JSON COMPACT = JSON.std;
    private static final JSON PRETTY = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

    private Json() {}

    /** One line, without a newline at its end. Values are maps, lists, texts, numbers, booleans and null. */
    public static String line(Map<String, Object> value) {
        return COMPACT.asString(value);
    }

    /** Several lines, for people. */
    public static String pretty(Map<String, Object> value) {
        return PRETTY.asString(value);
    }

    /** One JSON object; IllegalArgumentException when the text is not one. */
    public static Map<String, Object> parse(String text) {
        try {
            Map<String, Object> map = COMPACT.mapFrom(text);
            if (map == null) {
                throw new IllegalArgumentException("not a JSON object: " + text);
            }
            return map;
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not a JSON object: " + e.getOriginalMessage(), e);
        }
    }

    /** What is not known is left out of an answer: null for "". */
    static Object unlessEmpty(String text) {
        return text.isEmpty() ? null : text;
    }

    /** As {@link #unlessEmpty}, for numbers of which -1 says that they are not known. */
    static Object unlessNegative(long number) {
        return number < 0 ? null : number;
    }

    /** A map in the order of its arguments: name, value, name, value... */
    public static Map<String, Object> map(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return map;
    }

    public static String text(Map<String, Object> map, String name) {
        return optionalText(map, name).orElseThrow(() -> missing(name, "text"));
    }

    public static Optional<String> optionalText(Map<String, Object> map, String name) {
        return map.get(name) instanceof String s ? Optional.of(s) : Optional.empty();
    }

    public static long number(Map<String, Object> map, String name) {
        if (map.get(name) instanceof Number n) {
            return n.longValue();
        }
        throw missing(name, "number");
    }

    public static long number(Map<String, Object> map, String name, long otherwise) {
        return map.get(name) instanceof Number n ? n.longValue() : otherwise;
    }

    public static boolean flag(Map<String, Object> map, String name) {
        return Boolean.TRUE.equals(map.get(name));
    }

    /** The texts of a list; empty when there is none. */
    public static List<String> texts(Map<String, Object> map, String name) {
        return map.get(name) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    /** The objects of a list; empty when there is none. */
    public static List<Map<String, Object>> maps(Map<String, Object> map, String name) {
        return map.get(name) instanceof List<?> list
                ? list.stream().map(Json::asMap).toList()
                : List.of();
    }

    /** An object inside the object. */
    public static Optional<Map<String, Object>> inner(Map<String, Object> map, String name) {
        return map.get(name) instanceof Map<?, ?> m ? Optional.of(asMap(m)) : Optional.empty();
    }

    private static Map<String, Object> asMap(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException("not a JSON object: " + value);
        }
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((k, v) -> copy.put(String.valueOf(k), v));
        return copy;
    }

    private static IllegalArgumentException missing(String name, String kind) {
        return new IllegalArgumentException("the message has no " + kind + " \"" + name + "\"");
    }

    public static Map<String, Object> ofProblem(Problem problem) {
        return map("what", problem.what(), "where", problem.where(), "why", problem.why(), "remedy", problem.remedy());
    }

    /** Findings, each with the parts of its problem beside severity and kind, in lower case. */
    public static List<Map<String, Object>> ofFindings(List<Finding> findings) {
        return findings.stream().map(Json::ofFinding).toList();
    }

    private static Map<String, Object> ofFinding(Finding finding) {
        Map<String, Object> map = map(
                "severity",
                lower(finding.severity()),
                "kind",
                lower(finding.kind()).replace('_', '-'));
        map.putAll(ofProblem(finding.problem()));
        return map;
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    public static Finding findingOf(Map<String, Object> map) {
        return new Finding(
                Finding.Severity.valueOf(text(map, "severity").toUpperCase(Locale.ROOT)),
                Finding.Kind.valueOf(text(map, "kind").toUpperCase(Locale.ROOT).replace('-', '_')),
                problemOf(map));
    }

    public static Problem problemOf(Map<String, Object> map) {
        return new Problem(text(map, "what"), text(map, "where"), text(map, "why"), text(map, "remedy"));
    }
}
