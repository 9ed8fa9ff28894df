package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A reshape begun by one side and finished by the other, with power failures at every moment that matters: contents, size, parity, and
 * what both say of the metadata. Prints a table. Every build runs one cell of each change (those fit into one guest);
 * all cells are the long part.
 */
class HandOverTest {
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private static Path folder;

    /** Torn metadata of mdadm cannot be had at will. */
    private static final Set<Cut> CUTS = EnumSet.complementOf(EnumSet.of(Cut.TORN));

    private static List<Contents> contents;
    private static int runs;

    @BeforeAll
    static void write() throws Exception {
        Kernels.assumeAvailable();
        contents = List.of(
                Contents.blocks(folder.resolve("contents-0"), Change.BYTES),
                Contents.blocks(folder.resolve("contents-1"), Change.BYTES, 1 << 20));
    }

    @Test
    void growing() throws Exception {
        run(List.of(
                new Cell(Change.GROW_RAID5_3_TO_4, Cut.COPIED, Direction.MDADM_WE_MDADM),
                new Cell(Change.GROW_RAID5_3_TO_5, Cut.TORN, Direction.WE_MDADM),
                new Cell(Change.GROW_RAID0_2_TO_3, Cut.START, Direction.MDADM_WE_MDADM),
                new Cell(Change.GROW_RAID0_2_TO_4, Cut.MIDDLE, Direction.WE_MDADM)));
    }

    @Test
    void saving_every_unit() throws Exception {
        run(List.of(
                new Cell(Change.CHUNK_RAID5_64_TO_128, Cut.LAST, Direction.WE_MDADM),
                new Cell(Change.CHUNK_RAID5_128_TO_64, Cut.COPIED, Direction.WE_MDADM_WE),
                new Cell(Change.CHUNK_RAID0_64_TO_128, Cut.START, Direction.WE_MDADM),
                new Cell(Change.RAID0_2_TO_RAID5_3, Cut.COPIED, Direction.MDADM_WE_MDADM)));
    }

    @Test
    void arrays_that_were_rebuilt_and_two_volumes() throws Exception {
        run(List.of(
                new Cell(Change.TWO_RAID5_3_TO_4_SECOND, Cut.START, Direction.WE_MDADM),
                new Cell(Change.REBUILT_GROW_RAID5_3_TO_4, Cut.COPIED, Direction.WE_MDADM),
                new Cell(Change.REBUILT_CHUNK_RAID5_64_TO_128, Cut.COPIED, Direction.MDADM_WE)));
    }

    /** The second volume has not had its turn, and the metadata of ours say so in a way that mdadm is not to mind. */
    @Test
    void between_two_volumes() throws Exception {
        run(List.of(new Cell(Change.TWO_RAID5_3_TO_4, Cut.FINISHED, Direction.WE_MDADM)));
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void everything_in_every_direction(int group) throws Exception {
        List<Cell> cells = Cell.all(Change.ofGroup(group), CUTS, EnumSet.allOf(Direction.class));
        // The metadata of two disks and one RAID0 take one sector when idle, and what changes while it migrates is in
        // the first of two:
        // there is no half.
        cells.addAll(Cell.all(
                Change.ofGroup(group).stream()
                        .filter(change -> change != Change.CHUNK_RAID0_64_TO_128)
                        .toList(),
                EnumSet.of(Cut.TORN),
                EnumSet.of(Direction.WE_MDADM)));
        run(cells);
    }

    private static void run(List<Cell> cells) throws Exception {
        Table table = new Matrix(cells, contents, folder.resolve("run-" + ++runs)).run();
        System.out.println(table);
        assertThat(table.failures()).as("%s", table).isEmpty();
    }
}
