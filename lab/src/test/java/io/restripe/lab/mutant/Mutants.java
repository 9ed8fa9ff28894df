package io.restripe.lab.mutant;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The list of all mutants. In the text, a mutant is
 *
 * <pre>
 * == name
 * breaks R2: sync_max is not clamped
 * probe crash small-grow 2 200
 * file core/src/main/java/...
 * - text to find
 * + text instead
 * </pre>
 *
 * with as many {@code probe} lines as wanted and one or more changes; lines of a text go on with the same sign.
 */
public final class Mutants {
    private static final String PLACE = "mutants.txt";
    private final Map<String, Mutant> all = new LinkedHashMap<>();

    private String name;
    private String breaks;
    private List<String> probes;
    private List<Mutant.Change> changes;
    private String file;
    private StringBuilder find;
    private StringBuilder replace;

    private Mutants() {}

    static List<Mutant> read() {
        try (InputStream in = Mutants.class.getResourceAsStream(PLACE)) {
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Mutant> parse(String text) {
        Mutants mutants = new Mutants();
        text.lines().forEach(mutants::line);
        mutants.endMutant();
        return List.copyOf(mutants.all.values());
    }

    private void line(String line) {
        if (line.startsWith("== ")) {
            endMutant();
            name = line.substring(3).strip();
            probes = new ArrayList<>();
            changes = new ArrayList<>();
        } else if (line.startsWith("breaks ")) {
            breaks = line.substring(7).strip();
        } else if (line.startsWith("probe ")) {
            probes.add(line.substring(6).strip());
        } else if (line.startsWith("file ")) {
            endChange();
            file = line.substring(5).strip();
        } else if (line.startsWith("- ")) {
            if (replace != null) {
                endChange();
            }
            find = append(find, line);
        } else if (line.equals("+") || line.startsWith("+ ")) {
            replace = append(replace, line);
        } else if (!line.isBlank() && !line.startsWith("#")) {
            throw new IllegalArgumentException(PLACE + ": not understood: " + line);
        }
    }

    private static StringBuilder append(StringBuilder text, String line) {
        StringBuilder more = text == null ? new StringBuilder() : text.append('\n');
        return more.append(line.length() > 2 ? line.substring(2) : "");
    }

    private void endChange() {
        if (find != null) {
            changes.add(new Mutant.Change(file, find.toString(), replace == null ? "" : replace.toString()));
        }
        find = null;
        replace = null;
    }

    private void endMutant() {
        endChange();
        if (name != null) {
            Mutant mutant = new Mutant(name, breaks, List.copyOf(changes), List.copyOf(probes));
            if (breaks == null || probes.isEmpty() || changes.isEmpty() || all.put(name, mutant) != null) {
                throw new IllegalArgumentException(PLACE + ": " + name + " is incomplete, or there twice");
            }
        }
        breaks = null;
    }
}
