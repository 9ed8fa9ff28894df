package io.restripe.lab.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What came out, cell by cell; prints itself. */
final class Table {
    static final String EQUAL = "equal";

    private final Map<Cell, String> results = new LinkedHashMap<>();
    private final Map<Cell, String> evidence = new LinkedHashMap<>();

    void equal(Cell cell, String how) {
        results.put(cell, how.isEmpty() ? EQUAL : EQUAL + ", " + how);
    }

    /** @param what in a few words; all of it goes below the table */
    void wrong(Cell cell, String what) {
        String[] lines = what.strip().split("\n");
        results.put(cell, "WRONG: " + lines[0]);
        evidence.put(cell, what.strip());
    }

    boolean has(Cell cell) {
        return results.containsKey(cell);
    }

    /** Those of ours that did not come out equal. */
    List<Cell> failures() {
        return results.keySet().stream()
                .filter(cell -> cell.direction().isOurs() && !results.get(cell).startsWith(EQUAL))
                .toList();
    }

    @Override
    public String toString() {
        List<String> lines = new ArrayList<>();
        lines.add("%-30s %-34s %-17s %s".formatted("change", "power fails", "who", "contents afterwards"));
        results.forEach((cell, result) -> lines.add(
                "%-30s %-34s %-17s %s".formatted(cell.change(), cell.cut().words, cell.direction().words, result)));
        evidence.forEach((cell, text) -> lines.add("\n" + cell + "\n    " + text.replace("\n", "\n    ")));
        return String.join("\n", lines);
    }
}
