package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.assembly.Assembly;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What real mdadm left, and what nobody would, put together by us: made fit to run, or refused with the reason, read-only too. */
class FixtureAssemblyTest {
    private static final Assembly.Options PLAIN = new Assembly.Options(false, false);

    private static Assembly look(Fixture fixture) throws ProblemException {
        return Assembly.look(Fixture.format(), List.copyOf(fixture.members.values()));
    }

    private static Volume first(Assembly assembly) {
        return assembly.container().volumes().getFirst();
    }

    /** 13.4a */
    @Test
    void a_chunk_that_mdadm_could_not_carry_out_is_taken_back() throws Exception {
        Fixture fixture = Fixture.load("40-stuck-chunk-2m");
        Assembly assembly = look(fixture);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment some = arena.allocate(Units.bytesOfSectors(64), 4096);
            assembly.view(first(assembly)).read(0, some);
        }
        assembly.recover(PLAIN);
        assertThat(first(assembly).activity()).isEqualTo(new Activity.Idle());
        assertThat(first(assembly).geometry().chunkSectors()).isEqualTo(128);
        assertThat(assembly.notes()).anyMatch(note -> note.contains("taken back"));
        Volume again = first(look(fixture));
        assertThat(again.activity()).isEqualTo(new Activity.Idle());
        assertThat(again.arraySectors()).isEqualTo(32768);
    }

    /** 13.5: the start window is the beginning again, in the old geometry. */
    @ParameterizedTest
    @ValueSource(strings = {"41-grow-r5-start-window-a", "42-grow-r5-start-window-b"})
    void a_reshape_that_has_moved_nothing_starts_in_the_old_geometry(String name) throws Exception {
        Assembly assembly = look(Fixture.load(name));
        assembly.recover(PLAIN);
        assertThat(first(assembly).geometry().members()).isEqualTo(3);
        assertThat(((Activity.Reshape) first(assembly).activity()).progress().unit())
                .isZero();
    }

    /** 13.4b: a takeover that failed left a RAID10 of which every second disk was invented. */
    @Test
    void a_failed_takeover_starts_on_the_halves_that_are_there() throws Exception {
        MemberDisk one = Fixture.load("25-failed-takeover-r0-r10").members.get("loop0");
        assertThatThrownBy(
                        () -> Assembly.look(Fixture.format(), List.of(one)).recover(new Assembly.Options(true, true)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("3 of 4 members are missing");
        TailDisk disk = (TailDisk) one.disk();
        TailDisk twin = new TailDisk("loop1", disk.sectors(), 512, disk.tail().clone(), new ArrayList<>());
        Assembly assembly = Assembly.look(
                Fixture.format(), List.of(one, new MemberDisk("loop1", "/dev/loop1", twin))); // all carry the same
        assembly.recover(PLAIN);
        assertThat(first(assembly).geometry().mdLevel()).isEqualTo(10);
        assertThat(first(assembly).missingSlots()).isEqualTo(2);
    }

    @Test
    void sectors_recorded_as_lost_are_not_run_on() throws Exception {
        Fixture fixture = Fixture.load("23-bad-block-log");
        Assembly assembly = look(fixture);
        assertThatThrownBy(() -> assembly.recover(PLAIN))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("loop1")
                .hasMessageContaining("[4096, 4112) are recorded as lost");
    }

    @Test
    void sectors_recorded_as_lost_are_read_from_the_others() throws Exception {
        List<MemberDisk> disks = new ArrayList<>();
        Map<String, MemberDisk> bySerial = new LinkedHashMap<>();
        for (int i = 0; i < 2; i++) {
            disks.add(new MemberDisk("d" + i, "S" + i, new MemoryDisk("d" + i, 32768)));
            bySerial.put("S" + i, disks.get(i));
        }
        VolumeSpec spec = new VolumeSpec("v0", Geometry.ofMd(1, 0, 2, 128), 4096, List.of("S0", "S1"), true);
        ImsmMetadata metadata = (ImsmMetadata) Fixture.format().create(disks).withVolume(spec);
        Mpb mpb = metadata.mpb().withBadBlocks(List.of(new BadBlock(0, 100, 8)));
        Fixture.format().commit(metadata.withMpb(mpb), bySerial);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment read = arena.allocate(Units.bytesOfSectors(256), 4096);
            disks.get(0)
                    .disk()
                    .write(100, arena.allocate(Units.bytesOfSectors(8), 512).fill((byte) 0x77));
            Assembly assembly = Assembly.look(Fixture.format(), disks);
            assembly.view(first(assembly)).read(0, read);
            assertThat(read.mismatch(arena.allocate(read.byteSize(), 4096))).isEqualTo(-1);
            assertThatThrownBy(() -> assembly.recover(PLAIN)).hasMessageContaining("recorded as lost");
        }
        Assembly without = Assembly.look(Fixture.format(), disks.subList(1, 2));
        without.recover(new Assembly.Options(true, false));
        assertThat(first(without).missingSlots()).isEqualTo(1);
    }

    private static void rewrite(Fixture fixture, UnaryOperator<VolumeEntry> change) throws Exception {
        for (MemberDisk member : fixture.members.values()) {
            Optional<Region> region = Placement.readMpb(member);
            Mpb mpb = MpbCodec.decode(region.orElseThrow());
            if (!mpb.volumes().isEmpty()) {
                VolumeEntry changed = change.apply(mpb.volumes().getFirst()).withUnit(0);
                Placement.writeMpb(
                        member.disk(), MpbCodec.encode(mpb.withVolume(0, changed), Placement.blocks(member.disk())));
                Placement.clearRecord(member.disk());
            }
        }
    }

    private static MapEntry with(MapEntry map, long start, int chunk, int level, List<Integer> order) {
        return new MapEntry(
                map.raw(),
                start,
                map.memberSectors(),
                map.stripes(),
                chunk,
                map.state(),
                level,
                map.domains(),
                map.failedSlot(),
                order);
    }

    private static void refusedBothWays(Fixture fixture, String why) throws Exception {
        Assembly assembly = look(fixture);
        assertThatThrownBy(() -> assembly.view(first(assembly)))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(why);
        assertThatThrownBy(() -> assembly.recover(PLAIN))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(why);
    }

    @Test
    void maps_that_shrink_move_or_do_not_divide_are_refused_read_only_too() throws Exception {
        Fixture shrinking = Fixture.load("30-grow-r5-3to4-copy");
        rewrite(shrinking, v -> v.withMaps(v.present(), Optional.of(v.map0())));
        refusedBothWays(shrinking, "shrinks");

        Fixture odd = Fixture.load("35-chunk-r5-copy");
        rewrite(odd, v -> {
            MapEntry old = v.present();
            return v.withMaps(v.map0(), Optional.of(with(old, old.startSector(), 96, old.storedLevel(), old.order())));
        });
        refusedBothWays(odd, "do not divide");

        Fixture moving = Fixture.load("30-grow-r5-3to4-copy");
        rewrite(moving, v -> {
            MapEntry old = v.present();
            return v.withMaps(
                    v.map0(), Optional.of(with(old, 2048, old.chunkSectors(), old.storedLevel(), old.order())));
        });
        refusedBothWays(moving, "also moves");

        Fixture mirrors = Fixture.load("30-grow-r5-3to4-copy");
        rewrite(mirrors, v -> {
            MapEntry old = v.present();
            return v.withMaps(
                    v.map0(), Optional.of(with(old, old.startSector(), old.chunkSectors(), 1, List.of(0, 1))));
        });
        refusedBothWays(mirrors, "mirrors");

        Fixture swapped = Fixture.load("30-grow-r5-3to4-copy");
        rewrite(swapped, v -> v.withMaps(v.map0(), Optional.of(v.present().withOrder(List.of(1, 0, 2)))));
        refusedBothWays(swapped, "passes from disk");
    }

    @Test
    void a_change_of_state_is_not_run() throws Exception {
        Fixture fixture = Fixture.load("30-grow-r5-3to4-copy");
        rewrite(fixture, v -> v.withMigration(VolumeEntry.STATE_CHANGE, v.present(), v.present()));
        assertThatThrownBy(() -> look(fixture).recover(PLAIN))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("change of state");
    }
}
