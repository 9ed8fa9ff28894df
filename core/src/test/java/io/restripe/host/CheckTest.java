package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.restripe.assembly.Assembly;
import io.restripe.check.ContainerCheck;
import io.restripe.check.Verdict;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Contents that do not agree, planted into containers of ours: found from the members alone, and by the running arrays. */
@Timeout(120)
class CheckTest {
    private static final long MINUTE = 60_000_000_000L;
    private static final int CHUNK = 128;

    private final ContainerRig rig = new ContainerRig();

    private static Verdict check(ContainerRig which, List<MemberDisk> members) {
        return new ContainerCheck(which.format).check(members, Optional.empty());
    }

    private Verdict check() {
        return check(rig, rig.members());
    }

    private static void flip(ContainerRig which, int disk, long sector) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(Units.SECTOR_BYTES, 64);
            which.disks.get(disk).memory().read(sector, one);
            one.set(ValueLayout.JAVA_BYTE, 7, (byte) (one.get(ValueLayout.JAVA_BYTE, 7) ^ 0x10));
            which.disks.get(disk).memory().write(sector, one);
        }
    }

    private static List<Finding> contents(Verdict verdict) {
        return verdict.findings().stream()
                .filter(f -> f.kind() == Kind.CONTENTS)
                .toList();
    }

    private void stopped(Geometry geometry) throws Exception {
        rig.create(geometry).stop();
    }

    private void oneWrongSectorIsFound(Geometry geometry, String culprit) throws Exception {
        stopped(geometry);
        Verdict clean = check();
        assertThat(clean.findings()).isEmpty();
        assertThat(clean.scrubs()).containsExactly(new Verdict.Scrub("v0", ContainerRig.MEMBER_KIB * 2, 0));
        flip(rig, 1, 5 * CHUNK + 3);
        flip(rig, 1, 6 * CHUNK);
        Verdict wrong = check();
        assertThat(wrong.isConsistent()).isFalse();
        assertThat(contents(wrong)).singleElement().satisfies(f -> {
            assertThat(f.severity()).isEqualTo(Severity.ERROR);
            assertThat(f.problem().where()).contains("rows 5 to 6", "640 to 895");
            assertThat(f.problem().why()).contains(culprit);
        });
        assertThat(wrong.scrubs()).containsExactly(new Verdict.Scrub("v0", ContainerRig.MEMBER_KIB * 2, 2 * CHUNK));
    }

    @Test
    void wrong_parity_of_a_raid5() throws Exception {
        oneWrongSectorIsFound(Geometry.ofMd(5, 0, 3, CHUNK), "cannot be told");
    }

    @Test
    void a_mirror_that_differs() throws Exception {
        oneWrongSectorIsFound(Geometry.ofMd(1, 0, 2, CHUNK), "slot 1 differs");
    }

    @Test
    void a_copy_of_a_raid10_that_differs() throws Exception {
        oneWrongSectorIsFound(Geometry.ofMd(10, 0x102, 4, CHUNK), "slot 1 differs");
    }

    @Test
    void a_raid0_has_nothing_to_compare() throws Exception {
        stopped(Geometry.ofMd(0, 0, 3, CHUNK));
        assertThat(check().findings()).isEmpty();
        assertThat(check().scrubs()).isEmpty();
    }

    @Test
    void without_a_member_only_the_metadata_is_checked_and_that_is_said() throws Exception {
        stopped(Geometry.ofMd(5, 0, 3, CHUNK));
        flip(rig, 1, 0);
        Verdict verdict = check(rig, rig.members().subList(0, 2));
        assertThat(verdict.findings())
                .extracting(Finding::kind)
                .containsExactly(Kind.MISSING, Kind.DEGRADED, Kind.NOT_COMPARED);
        assertThat(verdict.scrubs()).isEmpty();
    }

    @Test
    void many_wrong_places_are_summed_up() throws Exception {
        stopped(Geometry.ofMd(5, 0, 3, CHUNK));
        for (int row = 0; row < 60; row += 2) {
            flip(rig, 0, (long) row * CHUNK);
        }
        assertThat(contents(check()))
                .hasSize(17)
                .last()
                .satisfies(
                        f -> assertThat(f.problem().why()).contains("14 more places with " + 14 * CHUNK + " sectors"));
    }

    @Test
    void sectors_that_are_recorded_as_lost_are_told_and_not_compared() throws Exception {
        stopped(Geometry.ofMd(5, 0, 3, CHUNK));
        flip(rig, 1, 5 * CHUNK + 3);
        ContainerMetadata found = Assembly.look(rig.format, rig.members()).metadata();
        MemberDisk member = rig.members().get(1);
        List<SectorRange> lost = List.of(new SectorRange(5 * CHUNK, 5 * CHUNK + 8));
        rig.format.commit(
                found.withKnownBad(member.serial(), new SectorRange(0, 6 * CHUNK), lost)
                        .orElseThrow(),
                rig.members().stream().collect(Collectors.toMap(MemberDisk::serial, disk -> disk)));
        Verdict verdict = check();
        assertThat(contents(verdict)).isEmpty();
        assertThat(verdict.findings())
                .extracting(Finding::severity, Finding::kind)
                .containsExactly(tuple(Severity.WARNING, Kind.BAD_BLOCKS), tuple(Severity.WARNING, Kind.UNREADABLE));
    }

    @Test
    void sectors_that_cannot_be_read_are_told_and_the_rest_is_compared() throws Exception {
        stopped(Geometry.ofMd(5, 0, 3, CHUNK));
        rig.disks.get(2).fault().failReads(new io.restripe.unit.SectorRange(700, 701));
        flip(rig, 0, 0);
        Verdict verdict = check();
        assertThat(contents(verdict)).hasSize(1);
        assertThat(verdict.findings())
                .filteredOn(f -> f.kind() == Kind.UNREADABLE)
                .singleElement()
                .satisfies(f -> assertThat(f.problem().where()).contains("rows 5 to 5"));
    }

    @Test
    void after_a_power_cut_a_difference_is_expected() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        rig.writeSomethingAtRandom(running.volume("v0"));
        ContainerRig cut = rig.snapshot();
        running.stop();
        flip(cut, 0, 0);
        Verdict verdict = check(cut, cut.members());
        assertThat(verdict.findings()).extracting(Finding::kind).containsExactly(Kind.UNCLEAN, Kind.CONTENTS);
        assertThat(verdict.atLeast(Severity.ERROR)).isEmpty();
    }

    @Test
    void half_way_each_row_is_compared_by_the_geometry_it_has() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        Cut inUnitOne = new Cut(rig, new Cut.Point(1, 1, 3));
        rig.watch(inUnitOne);
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        assertThat(running.awaitIdle(MINUTE)).isTrue();
        running.stop();
        ContainerRig cut = inUnitOne.picture();
        Verdict whole = check(cut, cut.members());
        assertThat(whole.atLeast(Severity.ERROR)).isEmpty();
        assertThat(contents(whole)).isEmpty();
        long copyArea = ContainerRig.DISK_SECTORS - 2209;
        assertFoundAt(cut, 3, 0, "below the checkpoint");
        assertFoundAt(cut, 3, copyArea + 200, "in the copy area");
        assertFoundAt(cut, 2, 8192 - CHUNK, "above the checkpoint");
        assertFoundAt(cut, 0, 2048, null); // the unit's own place: on its way
    }

    private static void assertFoundAt(ContainerRig cut, int disk, long sector, String where) throws Exception {
        ContainerRig copy = cut.snapshot();
        flip(copy, disk, sector);
        List<Finding> found = contents(check(copy, copy.members()));
        if (where == null) {
            assertThat(found).isEmpty();
        } else {
            assertThat(found)
                    .singleElement()
                    .satisfies(f -> assertThat(f.problem().where()).contains(where));
        }
    }

    private static ContainerScrub.Result scrub(RunningContainer running, boolean repair) throws Exception {
        Volume volume = running.container().volumes().getFirst();
        assertThat(running.scrub().begin(volume, repair)).isEmpty();
        assertThat(running.awaitIdle(MINUTE)).isTrue();
        return running.scrub().result(volume);
    }

    @Test
    void a_running_array_checks_repairs_and_is_consistent_again() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        assertThat(running.scrub().metadata()).isEmpty();
        assertThat(scrub(running, false)).isEqualTo(new ContainerScrub.Result("check", true, 8192, 0));
        long parityOfRowFive = 5L * CHUNK;
        flip(rig, 2 - 5 % 3, parityOfRowFive);
        assertThat(scrub(running, false)).isEqualTo(new ContainerScrub.Result("check", true, 8192, CHUNK));
        assertThat(scrub(running, true)).isEqualTo(new ContainerScrub.Result("repair", true, 8192, CHUNK));
        assertThat(scrub(running, false)).isEqualTo(new ContainerScrub.Result("check", true, 8192, 0));
        rig.verify(running.volume("v0"));
        running.stop();
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void a_running_array_is_repaired_under_writes() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        running.speedLimit(4096);
        Volume volume = running.container().volumes().getFirst();
        assertThat(running.scrub().begin(volume, true)).isEmpty();
        while (running.status().volumes().getFirst().busy()) {
            rig.writeSomethingAtRandom(running.volume("v0"));
        }
        assertThat(running.scrub().result(volume).complete()).isTrue();
        rig.verify(running.volume("v0"));
        running.stop();
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void a_scrub_can_be_ended_and_says_how_far_it_came() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        running.speedLimit(1);
        Volume volume = running.container().volumes().getFirst();
        assertThat(running.scrub().begin(volume, false)).isEmpty();
        assertThatThrownBy(() -> running.scrub().begin(volume, false)).hasMessageContaining("check");
        while (running.status().volumes().getFirst().doneSectors() == 0) {
            Thread.onSpinWait();
        }
        running.scrub().end(volume);
        assertThat(running.scrub().result(volume)).satisfies(r -> {
            assertThat(r.action()).isEqualTo("check");
            assertThat(r.complete()).isFalse();
            assertThat(r.reachedSectors()).isPositive().isLessThan(8192);
        });
        running.speedLimit(0);
        assertThat(scrub(running, false).complete()).isTrue();
        running.stop();
    }

    @Test
    void a_scrub_is_refused_while_a_reshape_runs_and_one_that_runs_gives_way() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        Volume volume = running.container().volumes().getFirst();
        running.speedLimit(1);
        assertThat(running.scrub().begin(volume, false)).isEmpty();
        running.grow(ContainerRig.toDisks(4, rig.newDisk()));
        assertThat(running.scrub().result(volume).complete()).isFalse();
        assertThatThrownBy(() -> running.scrub().begin(volume, false)).hasMessageContaining("reshape");
        running.speedLimit(0);
        assertThat(running.awaitIdle(MINUTE)).isTrue();
        rig.verify(running.volume("v0"));
        running.stop();
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void what_somebody_else_writes_to_a_running_containers_members_is_found() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        flip(rig, 1, ContainerRig.DISK_SECTORS - 2);
        assertThat(running.scrub().metadata()).anyMatch(f -> f.isAtLeast(Severity.WARNING));
        running.stop();
    }

    @Test
    void degraded_and_without_redundancy_there_is_nothing_to_scrub() throws Exception {
        RunningContainer running = rig.create(Geometry.ofMd(5, 0, 3, CHUNK));
        running.fail("SERIAL1");
        Volume volume = running.container().volumes().getFirst();
        assertThat(running.scrub().begin(volume, false))
                .hasValueSatisfying(why -> assertThat(why).contains("lacks members"));
        assertThat(running.scrub().metadata()).extracting(Finding::kind).contains(Kind.DEGRADED);
        running.stop();
    }
}
