package io.restripe.lab.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** House rules that a machine can check. Each failure names the place and says what to do instead. */
class TidyTest {
    private static final int FILE_LINES = 400;
    private static final int METHOD_LINES = 70;

    /** Files that are too long already, with the length they may not exceed. Only to be shortened. */
    private static final Map<String, Integer> LONG_FILES = Map.of();

    private static final Set<String> EDGES = Set.of("env", "os", "disk");

    private record Ban(Pattern pattern, Set<String> allowedIn, String instead) {
        static Ban of(String pattern, Set<String> allowedIn, String instead) {
            return new Ban(Pattern.compile(pattern), allowedIn, instead);
        }
    }

    private static final List<Ban> BANS = List.of(
            Ban.of("\\bSystem\\s*\\.\\s*nanoTime\\b", EDGES, "use Env.nanoTime"),
            Ban.of("\\bcurrentTimeMillis\\b|\\bInstant\\s*\\.\\s*now\\b", EDGES, "use Env.wallTime"),
            Ban.of("\\bThread\\s*\\.\\s*sleep\\b", EDGES, "use Env.sleepNanos, or better a Signal"),
            Ban.of("\\bnew\\s+Thread\\b|\\bThread\\s*\\.\\s*(of|start)[A-Z]", EDGES, "use Env.start"),
            Ban.of("\\bExecutors\\b|\\bCompletableFuture\\b", EDGES, "use Env.start and a Signal"),
            Ban.of("\\bnew\\s+Random\\b|\\bThreadLocalRandom\\b|\\bMath\\s*\\.\\s*random\\b", EDGES, "use Env.random"),
            Ban.of("\\bsynchronized\\b", EDGES, "use a lock of Env.newLock"),
            Ban.of("\\bReentrant(ReadWrite)?Lock\\b|\\bStampedLock\\b|\\bSemaphore\\b", EDGES, "use Env.newLock"),
            Ban.of(
                    "\\.wait\\(|\\.notify(All)?\\(|\\bLockSupport\\b",
                    EDGES,
                    "use a Condition of Env.newLock, or a Signal"),
            Ban.of(
                    "\\b(Map|Set)\\s*\\.\\s*copyOf\\b",
                    EDGES,
                    "wrap a Linked copy: its order is the same in every run, so a seed replays"),
            Ban.of("\\bFileChannel\\b|\\bRandomAccessFile\\b", EDGES, "use a Disk"),
            Ban.of(
                    "<<\\s*9\\b|>>>?\\s*9\\b|[*/%]\\s*512\\b|\\b512L?\\s*\\*",
                    Set.of("unit"), "use io.restripe.unit.Units"));

    private final Path root = Sources.root();

    private List<Path> sources(String module) {
        return Sources.files(root.resolve(module).resolve("src/main/java"), ".java");
    }

    private static String layer(Path file) {
        Matcher matcher = Pattern.compile("io/restripe/([a-z]+)").matcher(file.toString());
        return matcher.find() ? matcher.group(1) : "";
    }

    @Test
    void core_asks_the_outside_through_its_seams_and_converts_units_in_one_place() {
        List<String> offences = new ArrayList<>();
        for (Path file : sources("core")) {
            String code = Sources.codeOnly(Sources.text(file));
            for (Ban ban : BANS) {
                Matcher matcher = ban.pattern.matcher(code);
                while (!ban.allowedIn.contains(layer(file)) && matcher.find()) {
                    long line = code.substring(0, matcher.start()).lines().count();
                    offences.add(root.relativize(file) + ":" + Math.max(1, line) + " has " + matcher.group() + ": "
                            + ban.instead);
                }
            }
        }
        assertThat(offences).as("calls that bypass the seams").isEmpty();
    }

    @Test
    void no_unfinished_business_is_left_in_comments() {
        Pattern unfinished = Pattern.compile("\\b(FIX" + "ME|TO" + "DO|XX" + "X)\\b");
        List<String> offences = new ArrayList<>();
        for (Path file : javaFiles()) {
            Matcher matcher = unfinished.matcher(Sources.text(file));
            if (matcher.find()) {
                offences.add(root.relativize(file) + " has " + matcher.group()
                        + ": do it now, or open an issue and say nothing here");
            }
        }
        assertThat(offences).isEmpty();
    }

    private List<Path> javaFiles() {
        List<Path> all = new ArrayList<>();
        for (String module : List.of("core", "node", "lab")) {
            all.addAll(Sources.files(root.resolve(module).resolve("src"), ".java"));
        }
        assertThat(all).hasSizeGreaterThan(100);
        return all;
    }

    @Test
    void files_are_short_enough_to_be_read_at_one_sitting() {
        List<String> offences = new ArrayList<>();
        Set<String> stillLong = new TreeSet<>();
        for (Path file : javaFiles()) {
            int lines = (int) Sources.text(file).lines().count();
            String name = file.getFileName().toString();
            if (lines > FILE_LINES) {
                stillLong.add(name);
                if (lines > LONG_FILES.getOrDefault(name, FILE_LINES)) {
                    offences.add(root.relativize(file) + " has " + lines + " lines, more than "
                            + LONG_FILES.getOrDefault(name, FILE_LINES) + ": move a part with a name of its own out");
                }
            }
        }
        assertThat(offences).isEmpty();
        assertThat(stillLong).as("short by now: take it off LONG_FILES").containsAll(LONG_FILES.keySet());
    }

    @Test
    void methods_are_short_enough_to_be_seen_at_once() {
        List<String> offences = new ArrayList<>();
        Sources.forEachMethod(javaFiles(), (name, lines) -> {
            if (lines > METHOD_LINES) {
                offences.add(name + " has " + lines + " lines, more than " + METHOD_LINES + ": give its parts names");
            }
        });
        assertThat(offences).isEmpty();
    }

    @Test
    void every_package_says_what_it_is_for() {
        Set<String> offences = new TreeSet<>();
        for (String module : List.of("core", "node", "lab")) {
            for (Path file : sources(module)) {
                Path guide = file.resolveSibling("package-info.java");
                if (!Files.exists(guide) || !Sources.text(guide).contains("/**")) {
                    offences.add(root.relativize(guide)
                            + " is missing or says nothing: purpose, where to start, owner, what it may not know");
                }
            }
        }
        assertThat(offences).isEmpty();
    }

    @Test
    void the_tree_speaks_of_itself_only() {
        Pattern elsewhere = Pattern.compile("\\.\\./" + "shared|(?<![\\w}])/wo" + "rk/|/fa" + "rm/");
        List<String> offences = new ArrayList<>();
        for (String ending :
                List.of(".java", ".md", ".xml", ".sh", ".yml", ".yaml", ".json", ".txt", ".html", ".properties")) {
            for (Path file : Sources.files(root, ending)) {
                Matcher matcher = elsewhere.matcher(Sources.text(file));
                if (matcher.find()) {
                    offences.add(root.relativize(file) + " names " + matcher.group()
                            + ": say it in terms of this tree, or not at all");
                }
            }
        }
        assertThat(offences).isEmpty();
    }
}
