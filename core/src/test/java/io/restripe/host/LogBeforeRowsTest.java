package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.consistency.Consistency;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.consistency.PplArea;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.VolumeSpec;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Rows of a volume with a partial parity log change only when the log tells of them, or the loss of their log is recorded. */
class LogBeforeRowsTest {
    private static final Geometry R5_OF_3 = Geometry.ofMd(5, 0, 3, 128);

    private final ContainerRig rig = new ContainerRig();

    private RunningContainer created() throws Exception {
        for (int i = 0; i < 3; i++) {
            rig.newDisk();
        }
        List<String> serials = List.of("SERIAL0", "SERIAL1", "SERIAL2");
        RunningContainer.create(
                rig.format,
                rig.members(),
                new VolumeSpec("v0", R5_OF_3, ContainerRig.MEMBER_KIB, serials, true, ConsistencyPolicy.PPL));
        RunningContainer running = rig.start();
        rig.model = new byte[Units.bufferBytesOfSectors(running.volume("v0").sectors())];
        for (int i = 0; i < 40; i++) {
            rig.writeSomethingAtRandom(running.volume("v0"));
        }
        return running;
    }

    private static long rowWithParityOn(int slot) {
        long row = 0;
        while (R5_OF_3.parityMember(row) != slot) {
            row++;
        }
        return row;
    }

    @Test
    void a_discard_of_whole_rows_is_logged_before_it_is_carried_out() throws Exception {
        RunningContainer running = created();
        Consistency place = running.container().volumes().getFirst().consistency();
        long row = R5_OF_3.rowSectors();
        SectorRange given = new SectorRange(row + 8, 30 * row);
        Set<Long> zeroed = ConcurrentHashMap.newKeySet();
        Set<Long> untold = ConcurrentHashMap.newKeySet();
        rig.watch((disk, sector, contents) -> {
            long first = sector / R5_OF_3.chunkSectors();
            long end = first + Units.sectorsOfBytesExact(contents.length) / R5_OF_3.chunkSectors();
            for (long r = Math.max(2, first); sector < place.sector() && r < end; r++) { // a part of row 1 is written
                zeroed.add(r);
                if (!tells(place, r)) {
                    untold.add(r);
                }
            }
        });
        assertThat(running.volume("v0").discard(given.start(), given.length())).isTrue();
        rig.watch((_, _, _) -> {});
        assertThat(untold).isEmpty();
        assertThat(zeroed).hasSize(28);
        Arrays.fill(
                rig.model, Units.bufferBytesOfSectors(given.start()), Units.bufferBytesOfSectors(given.end()), (byte)
                        0);
        rig.verify(running.volume("v0"));
        running.stop();
        assertThat(rig.rowsWithWrongParity(R5_OF_3)).isZero();
    }

    /** Whether the log of the member that holds the parity of a row tells of all its data. */
    private boolean tells(Consistency place, long row) {
        try {
            PplArea log = new PplArea(rig.disks.get(R5_OF_3.parityMember(row)).memory(), place);
            return log.newest().orElseThrow().entries().stream()
                    .anyMatch(entry -> entry.arraySector() == row * R5_OF_3.rowSectors()
                            && entry.dataSectors() == R5_OF_3.rowSectors()
                            && entry.paritySectors() == 0);
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Several times: who is first, the row or the record, is a race that only a wrong array takes part in. */
    @RepeatedTest(6)
    void a_row_is_not_written_before_the_failure_of_its_log_is_recorded() throws Exception {
        RunningContainer running = created();
        Consistency place = running.container().volumes().getFirst().consistency();
        AtomicInteger tooEarly = new AtomicInteger();
        rig.watch((disk, sector, contents) -> {
            boolean isData = disk != 1 && sector < place.sector();
            if (isData && R5_OF_3.parityMember(sector / R5_OF_3.chunkSectors()) == 1 && !failureIsRecorded()) {
                tooEarly.incrementAndGet();
            }
        });
        rig.disks.get(1).fault().failWrites(new SectorRange(place.sector(), place.sector() + place.sectors()));
        rig.write(running.volume("v0"), Units.bufferBytesOfSectors(rowWithParityOn(1) * R5_OF_3.rowSectors()), 4096);
        rig.watch((disk, sector, contents) -> {});
        assertThat(tooEarly).hasValue(0);
        rig.verify(running.volume("v0"));
        running.stop();
    }

    /** A request of several groups of rows, one after the other: the first meets the failure, and the last is one row with its parity there. */
    @RepeatedTest(6)
    void a_row_is_not_written_before_the_failure_that_took_its_log_is_recorded() throws Exception {
        long last = rowWithParityOn(1) + 18;
        SectorRange rows = new SectorRange((last - 16) * R5_OF_3.rowSectors(), (last + 1) * R5_OF_3.rowSectors());
        failsBefore(last, volume -> volume.write(rows.start(), Buffers.allocate(rows.length())));
    }

    /** The part of a row in front of it is written, and meets the failure. */
    @RepeatedTest(6)
    void a_row_is_not_given_up_before_the_failure_that_took_its_log_is_recorded() throws Exception {
        long row = rowWithParityOn(1) + 3;
        long start = row * R5_OF_3.rowSectors() - R5_OF_3.chunkSectors();
        failsBefore(row, volume -> {
            assertThat(volume.discard(start, 2 * R5_OF_3.rowSectors())).isTrue();
        });
    }

    private interface Change {
        void make(Disk volume) throws DiskException;
    }

    private void failsBefore(long row, Change change) throws Exception {
        RunningContainer running = created();
        AtomicInteger early = new AtomicInteger();
        AtomicInteger late = new AtomicInteger();
        rig.watch((disk, sector, contents) -> {
            if (disk != 1 && sector / R5_OF_3.chunkSectors() == row) {
                (failureIsRecorded() ? late : early).incrementAndGet();
            }
        });
        rig.disks.get(1).fault().failWrites(new SectorRange(0, ContainerRig.MEMBER_KIB));
        change.make(running.volume("v0"));
        rig.watch((_, _, _) -> {});
        assertThat(early).hasValue(0);
        assertThat(late).hasPositiveValue();
        running.stop();
    }

    private boolean failureIsRecorded() {
        try {
            return rig.recorded().missingSlots() > 0;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
