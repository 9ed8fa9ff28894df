package io.restripe.geometry;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A table of where real md put things: tab separated, with a header line (README.md beside the tables). */
final class GoldenTable {
    private GoldenTable() {}

    /** One line, by column name. */
    record Line(Map<String, String> fields) {
        String text(String column) {
            String value = fields.get(column);
            if (value == null) {
                throw new IllegalArgumentException("no column " + column + " in " + fields);
            }
            return value;
        }

        int number(String column) {
            return Integer.parseInt(text(column));
        }

        /** The kind of thing the place holds: D, P, Q, C or -. */
        char kind() {
            return text("token").charAt(0);
        }
    }

    static List<Line> lines(String name) {
        try (InputStream in = GoldenTable.class.getResourceAsStream("/layouts/" + name)) {
            List<String> text = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            String[] columns = text.getFirst().split("\t", -1);
            List<Line> lines = new ArrayList<>();
            for (String row : text.subList(1, text.size())) {
                String[] values = row.split("\t", -1);
                Map<String, String> fields = new HashMap<>();
                for (int i = 0; i < columns.length; i++) {
                    fields.put(columns[i], values[i]);
                }
                lines.add(new Line(fields));
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lines in groups of one configuration each: the values of these columns. */
    static Map<List<String>, List<Line>> groups(String name, String... columns) {
        Map<List<String>, List<Line>> groups = new LinkedHashMap<>();
        for (Line line : lines(name)) {
            List<String> key = new ArrayList<>();
            for (String column : columns) {
                key.add(line.text(column));
            }
            groups.putIfAbsent(key, new ArrayList<>());
            groups.get(key).add(line);
        }
        return groups;
    }
}
