package io.restripe.lab.kernel;

import io.restripe.assembly.Assembly;
import io.restripe.disk.FileDisk;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs hand-overs of the changes of one group, whose containers fit into one guest together: so many cells take few guests. A cell that
 * goes wrong does not keep the others from being run.
 */
final class Matrix {
    private static final String NOT_RECORDED = "all is moved, and the metadata still say that it is not";
    /** First of what md.sh's finish says when it has waited long enough. */
    private static final String NOT_SETTLED = "not settled";

    private static final int MOST_TRIES = 3;
    private static final int LONGEST_FINISH_SECONDS = 45;
    /** A moment may come and go while nobody looks; the next run has it. */
    private static final int MOST_RUNS = 4;

    private final List<Cell> cells;
    private final Path folder;
    private final Table table = new Table();
    private final Map<Change, HandOver> changes = new EnumMap<>(Change.class);
    private final Map<Change, Map<Cut, Images>> mdadms = new EnumMap<>(Change.class);
    private final Map<Change, Map<Cut, Images>> ours = new EnumMap<>(Change.class);
    /** Where mdadm did not go on with what we had begun, and why. */
    private final Map<Cell, String> stood = new LinkedHashMap<>();

    private int guests;

    /** @param cells all of one group */
    Matrix(List<Cell> cells, List<Contents> contents, Path folder) {
        this.cells = cells;
        this.folder = folder;
        for (Cell cell : cells) {
            changes.computeIfAbsent(cell.change(), change -> new HandOver(change, contents, folder));
        }
    }

    Table run() throws Exception {
        make();
        cutMdadms();
        cutOurs();
        for (List<Cell> together : batches()) {
            handOver(together);
        }
        return table;
    }

    /** Cells that fit into one guest: each of another change. */
    private List<List<Cell>> batches() {
        List<List<Cell>> batches = new ArrayList<>();
        for (Change change : changes.keySet()) {
            List<Cell> own = cells.stream().filter(c -> c.change() == change).toList();
            for (int i = 0; i < own.size(); i++) {
                if (i == batches.size()) {
                    batches.add(new ArrayList<>());
                }
                batches.get(i).add(own.get(i));
            }
        }
        return batches;
    }

    private KernelOracle boot(Collection<Images> images) throws IOException {
        Map<Integer, Path> disks = new TreeMap<>();
        images.forEach(i -> disks.putAll(i.disks()));
        return KernelOracle.boot(folder.resolve("guest-" + ++guests), disks);
    }

    private void make() throws IOException {
        List<Images> blank = new ArrayList<>();
        for (HandOver change : changes.values()) {
            blank.add(change.blank());
        }
        try (KernelOracle guest = boot(blank)) {
            for (HandOver change : changes.values()) {
                change.make(guest);
            }
            guest.guest().powerOff();
        }
        for (HandOver change : changes.values()) {
            change.learn();
        }
    }

    private Set<Cut> cuts(Change change, boolean mdadmBegins) {
        Set<Cut> cuts = EnumSet.noneOf(Cut.class);
        cells.stream()
                .filter(c -> c.change() == change && c.direction().mdadmBegins() == mdadmBegins)
                .forEach(c -> cuts.add(c.cut()));
        return cuts;
    }

    private void cutMdadms() throws IOException {
        for (int run = 1; run <= MOST_RUNS; run++) {
            Map<HandOver, Images> copies = new LinkedHashMap<>();
            for (HandOver change : changes.values()) {
                if (!missing(change.change()).isEmpty()) {
                    copies.put(change, change.before().copyTo(change.newFolder("mdadm")));
                }
            }
            if (!copies.isEmpty()) {
                cutMdadms(copies);
            }
        }
    }

    private void cutMdadms(Map<HandOver, Images> copies) throws IOException {
        try (KernelOracle guest = boot(copies.values())) {
            for (Map.Entry<HandOver, Images> entry : copies.entrySet()) {
                Change change = entry.getKey().change();
                Map<Cut, Images> taken = entry.getKey().cutMdadms(guest, entry.getValue(), missing(change));
                mdadms.computeIfAbsent(change, c -> new EnumMap<>(Cut.class)).putAll(taken);
            }
        }
    }

    private Set<Cut> missing(Change change) {
        Set<Cut> missing = cuts(change, true);
        missing.removeAll(mdadms.getOrDefault(change, Map.of()).keySet());
        return missing;
    }

    private void cutOurs() throws IOException {
        for (HandOver change : changes.values()) {
            Set<Cut> cuts = cuts(change.change(), false);
            if (!cuts.isEmpty()) {
                ours.put(change.change(), change.cutOurs(cuts));
            }
        }
    }

    /** Of each cell a copy of what the cut left is brought to its end, and looked at by mdadm. */
    private void handOver(List<Cell> together) throws Exception {
        Map<Cell, Images> half = new LinkedHashMap<>();
        Map<Cell, Boolean> grows = new LinkedHashMap<>();
        for (Cell cell : together) {
            Direction direction = cell.direction();
            Map<Cut, Images> cuts = (direction.mdadmBegins() ? mdadms : ours).get(cell.change());
            Images left = cuts.get(cell.cut());
            HandOver change = changes.get(cell.change());
            if (left == null) {
                table.wrong(cell, "the moment was not caught");
            } else {
                half.put(cell, left.copyTo(change.newFolder(direction + "-" + cell.cut())));
                grows.put(cell, change.isBorn(left) || cell.cut().ordinal() >= Cut.FINISHED.ordinal());
            }
        }
        mdadmGoesOn(half);
        weGoOn(half);
        weFinish(half);
        mdadmFinishes(half, grows);
    }

    private static List<Cell> of(Map<Cell, Images> half, Direction... directions) {
        List<Direction> wanted = List.of(directions);
        return half.keySet().stream()
                .filter(cell -> wanted.contains(cell.direction()))
                .toList();
    }

    /** Moments that come some time after this one. */
    private static Set<Cut> later(Cut cut) {
        int from = Math.min(cut.ordinal() + 2, Cut.FINISHED.ordinal());
        return EnumSet.range(Cut.values()[from], Cut.FINISHED);
    }

    private void weGoOn(Map<Cell, Images> half) {
        for (Cell cell : of(half, Direction.MDADM_WE_MDADM)) {
            try {
                half.put(cell, changes.get(cell.change()).goOnAndCut(half.get(cell), later(cell.cut())));
            } catch (Exception | AssertionError e) {
                table.wrong(cell, "we cannot go on: " + e.getMessage());
                half.remove(cell);
            }
        }
    }

    private void weFinish(Map<Cell, Images> half) {
        for (Cell cell : of(half, Direction.MDADM_WE, Direction.WE_MDADM_WE)) {
            try {
                OurSide.run(half.get(cell), (container, env) -> {});
            } catch (Exception | AssertionError e) {
                table.wrong(cell, "we cannot finish: " + e.getMessage());
                half.remove(cell);
            }
        }
    }

    private void mdadmGoesOn(Map<Cell, Images> half) throws IOException {
        List<Cell> going = of(half, Direction.WE_MDADM_WE);
        if (going.isEmpty()) {
            return;
        }
        try (KernelOracle guest = boot(going.stream().map(half::get).toList())) {
            for (Cell cell : going) {
                try {
                    half.put(cell, changes.get(cell.change()).goOnAndCut(guest, half.get(cell), later(cell.cut())));
                } catch (IOException e) {
                    if (cell.cut() == Cut.LAST) {
                        stood.put(cell, "mdadm did not go on in the last unit (" + firstLine(words(e)) + "), we did");
                    } else {
                        table.wrong(cell, "mdadm does not go on: " + words(e));
                        half.remove(cell);
                    }
                    guest.abandon();
                }
            }
        }
    }

    /**
     * In one guest; what mdadm does not finish is assembled once more in a new one, and a last time: it may leave the end of a reshape
     * unrecorded at one assembly, and the array at its old size at the next. Contents that are wrong get no second try.
     */
    private void mdadmFinishes(Map<Cell, Images> half, Map<Cell, Boolean> grows) throws Exception {
        Map<Cell, String> unfinished = new LinkedHashMap<>();
        Map<Cell, String> told = new LinkedHashMap<>();
        finish(half, grows, stood, unfinished, told);
        for (Cell cell : List.copyOf(unfinished.keySet())) {
            if (cell.direction().isOurs() && HandOver.isTorn(half.get(cell))) {
                // mdadm does not assemble with a member that was cut off in the middle of a write of metadata; it has
                // changed nothing. We do, and after us mdadm does.
                OurSide.run(half.get(cell), (container, env) -> {});
                unfinished.put(cell, "after mdadm would not (" + firstLine(unfinished.get(cell)) + ") and we did");
            } else if (mdadmStands(cell, half.get(cell), unfinished.get(cell))) {
                try {
                    OurSide.run(half.get(cell), (container, env) -> {});
                    unfinished.put(cell, "after mdadm stood (" + firstLine(unfinished.get(cell)) + ") and we went on");
                } catch (ProblemException e) {
                    table.wrong(cell, "mdadm stood, and we do not go on: " + e.getMessage());
                    unfinished.remove(cell);
                }
            }
        }
        Map<Cell, String> before = unfinished;
        for (int more = 2; more <= MOST_TRIES && !before.isEmpty(); more++) {
            Map<Cell, Images> again = new LinkedHashMap<>(half);
            again.keySet().retainAll(before.keySet());
            Map<Cell, String> still = new LinkedHashMap<>();
            finish(again, grows, before, still, told);
            if (more == MOST_TRIES) {
                recordEnds(again, grows, still, told);
            }
            Map<Cell, String> earlier = before;
            still.replaceAll((cell, what) -> what + "\nand before: " + earlier.get(cell));
            before = still;
        }
        before.forEach(table::wrong);
        for (Map.Entry<Cell, String> entry : told.entrySet()) {
            agree(entry.getKey(), half.get(entry.getKey()), entry.getValue());
        }
    }

    /**
     * With all moved, mdadm may wait for ever for an end that has been already. Its next assembly is not to be tried then: it may have
     * recorded that the next volume has begun, and takes that for one of the new shape and destroys it (docs/imsm.md 13.5).
     */
    private static boolean mdadmStands(Cell cell, Images left, String what) throws IOException {
        return HandOver.isBetweenVolumes(left) || cell.cut() == Cut.FINISHED && what.startsWith(NOT_SETTLED);
    }

    /** By what was wrong with the last try. */
    private static boolean isUnrecorded(String what) {
        return what.equals(NOT_RECORDED) || what.startsWith(NOT_SETTLED);
    }

    /** Whether that is where the one who finishes begins. */
    private static boolean takesOverInTheLastUnit(Cell cell) {
        return cell.direction() == Direction.MDADM_WE_MDADM
                ? later(cell.cut()).iterator().next() == Cut.LAST
                : cell.cut() == Cut.LAST;
    }

    /**
     * When the power failed in the last unit, mdadm moves everything and may leave the end unrecorded however often it assembles (13.1), or
     * wait for ever for an end that has been already.
     * We record it, and then mdadm assembles what is over and compares it once more. Nowhere else may it need that.
     */
    private void recordEnds(
            Map<Cell, Images> half, Map<Cell, Boolean> grows, Map<Cell, String> still, Map<Cell, String> told)
            throws Exception {
        Map<Cell, Images> ended = new LinkedHashMap<>(half);
        ended.keySet().removeIf(cell -> !takesOverInTheLastUnit(cell) || !isUnrecorded(still.getOrDefault(cell, "")));
        if (ended.isEmpty()) {
            return;
        }
        Map<Cell, String> before = new LinkedHashMap<>();
        for (Cell cell : ended.keySet()) {
            OurSide.run(ended.get(cell), (container, env) -> {});
            still.remove(cell);
            before.put(cell, "mdadm moved all and did not record the end; we did");
        }
        finish(ended, grows, before, still, told);
    }

    private void finish(
            Map<Cell, Images> half,
            Map<Cell, Boolean> grows,
            Map<Cell, String> before,
            Map<Cell, String> unfinished,
            Map<Cell, String> told)
            throws IOException {
        try (KernelOracle guest = boot(half.values())) {
            for (Map.Entry<Cell, Images> entry : half.entrySet()) {
                Cell cell = entry.getKey();
                KernelOracle container =
                        entry.getValue().in(guest, "c" + cell.change().ordinal());
                try {
                    container.finish(LONGEST_FINISH_SECONDS);
                    String wrong = changes.get(cell.change()).wrong(container, grows.get(cell));
                    if (wrong != null) {
                        table.wrong(
                                cell,
                                before.containsKey(cell)
                                        ? wrong + "\nat a later try; before: " + before.get(cell)
                                        : wrong);
                        container.abandon();
                        continue;
                    }
                    container.stop();
                    if (changes.get(cell.change()).isBorn(entry.getValue())) {
                        // It may leave that to the next assembly when the last unit was in the copy area (13.1).
                        unfinished.put(cell, NOT_RECORDED);
                        continue;
                    }
                    told.put(
                            cell,
                            guest.examine(
                                    entry.getValue().disks().keySet().iterator().next()));
                    table.equal(
                            cell, before.containsKey(cell) ? "at a later try; before: " + lines(before.get(cell)) : "");
                } catch (IOException e) {
                    unfinished.put(cell, words(e));
                    guest.abandon();
                }
            }
        }
    }

    /** Both sides say the same of what is there in the end. */
    private void agree(Cell cell, Images images, String mdadmSays) throws Exception {
        List<MemberDisk> members = images.open(FileDisk.Access.READ_ONLY);
        try {
            Assembly assembly = Assembly.look(new ImsmFormat(new SystemEnv()), members);
            if (!Examined.of(assembly.container()).equals(Examined.parse(mdadmSays))) {
                table.wrong(
                        cell,
                        "we and mdadm -E differ\n" + Examined.of(assembly.container()) + "\n"
                                + Examined.parse(mdadmSays));
            }
        } catch (ProblemException e) {
            table.wrong(cell, "we do not read what mdadm left in the end: " + e.getMessage());
        } finally {
            Images.close(members);
        }
    }

    /** Of each try before what was wrong with it. */
    private static String lines(String before) {
        return Stream.of(before.split("\nand before: ")).map(Matrix::firstLine).collect(Collectors.joining("; "));
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    /** Of a script's failure what mdadm and the harness said, without the reports that follow. */
    private static String words(IOException e) {
        String text = String.valueOf(e.getMessage());
        int from = text.indexOf('\n') + 1;
        int end = text.indexOf("Personalities");
        String said = text.substring(from, end < from ? text.length() : end);
        int failed = said.indexOf("FAILED: ");
        String first = failed < 0
                ? said.lines().findFirst().orElse("")
                : said.substring(failed + 8).strip();
        return first + "\n" + text;
    }
}
