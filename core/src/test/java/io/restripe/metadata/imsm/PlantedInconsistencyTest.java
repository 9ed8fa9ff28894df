package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong in the metadata of all members alike: each inconsistency is planted once and must be found as what it is. */
class PlantedInconsistencyTest extends PlantedFixture {
    @Test
    void nothing_is_wrong_before_anything_is_planted() {
        load(IDLE);
        assertThat(findings()).isEmpty();
        load(HALF_WAY);
        assertThat(findings()).extracting(Finding::kind).containsExactly(Kind.HALF_WAY);
    }

    /** What is planted into the MPB of all members. */
    interface Plant {
        Mpb into(Mpb mpb);
    }

    private static Arguments planted(String name, Severity severity, Kind kind, Plant plant) {
        return Arguments.of(name, severity, kind, plant);
    }

    private static Arguments volume(String name, Severity severity, Kind kind, UnaryOperator<VolumeEntry> change) {
        return planted(
                name,
                severity,
                kind,
                mpb -> mpb.withVolume(0, change.apply(mpb.volumes().getFirst())));
    }

    private static Arguments map(String name, Severity severity, Kind kind, UnaryOperator<MapEntry> change) {
        return volume(name, severity, kind, v -> v.withMaps(change.apply(v.map0()), v.map1()));
    }

    private static MapEntry sized(MapEntry map, long start, long perMember, long stripes, int domains) {
        return new MapEntry(
                map.raw(),
                start,
                perMember,
                stripes,
                map.chunkSectors(),
                map.state(),
                map.storedLevel(),
                domains,
                map.failedSlot(),
                map.order());
    }

    private static VolumeEntry resyncing(VolumeEntry v, UnaryOperator<MapEntry> source) {
        return v.withMigration(VolumeEntry.INIT, v.map0(), source.apply(v.map0().withState(MapEntry.UNINITIALISED)));
    }

    private static Mpb withAttributes(Mpb mpb, long attributes) {
        return mpb.withHeader(mpb.header().withAttributes(mpb.header().version(), attributes));
    }

    private static Mpb withSecondVolume(Mpb mpb, long start, int policyOfFirst) {
        VolumeEntry first = mpb.volumes().getFirst();
        VolumeEntry guarded = new VolumeEntry(
                first.raw(),
                first.name(),
                first.sizeSectors(),
                first.status(),
                1,
                policyOfFirst,
                0,
                0,
                0,
                first.map0(),
                Optional.empty());
        MapEntry map = first.map0();
        VolumeEntry second = new VolumeEntry(
                first.raw(),
                policyOfFirst == 3 ? "other" : first.name(),
                8192,
                first.status(),
                2,
                5,
                0,
                0,
                0,
                sized(map, start, 4096 + 2048, 32, 1),
                Optional.empty());
        return mpb.withVolumes(List.of(guarded, second));
    }

    static Stream<Arguments> inTheMetadata() {
        return Stream.of(inTheMaps(), inTheSizes(), inTheTables()).flatMap(plants -> plants);
    }

    private static Stream<Arguments> inTheMaps() {
        return Stream.of(
                map("domains", Severity.ERROR, Kind.MAPS, m -> sized(m, 0, m.memberSectors(), m.stripes(), 2)),
                map("state", Severity.ERROR, Kind.MAPS, m -> m.withState(MapEntry.DEGRADED)),
                map("failed slot", Severity.WARNING, Kind.MAPS, m -> m.withFailedSlot(1)),
                map("unknown flags", Severity.WARNING, Kind.MAPS, m -> m.withOrder(List.of(0, 1 | 1 << 26, 2))),
                map(
                        "works, out of sync",
                        Severity.WARNING,
                        Kind.MAPS,
                        m -> MapStates.withLowestFailed(MapStates.withDiskOutOfSync(m, 1))),
                planted(
                        "failed, in sync",
                        Severity.ERROR,
                        Kind.MAPS,
                        mpb -> mpb.withDisk(1, mpb.disks().get(1).withFailure(Serials.failed("/dev/loop1"), 0))),
                volume(
                        "two geometries",
                        Severity.ERROR,
                        Kind.MAPS,
                        v -> resyncing(v, m -> sized(m, 0, m.memberSectors(), m.stripes() - 1, 1))),
                volume(
                        "two disks in a slot",
                        Severity.ERROR,
                        Kind.MAPS,
                        v -> resyncing(v, m -> m.withOrder(List.of(1, 0, 2)))),
                volume(
                        "source of an init",
                        Severity.ERROR,
                        Kind.MAPS,
                        v -> resyncing(v, m -> m.withState(MapEntry.NORMAL))));
    }

    private static Stream<Arguments> inTheSizes() {
        return Stream.of(
                volume("remains", Severity.WARNING, Kind.HEADER, v -> v.withUnit(5)),
                volume("dirty state", Severity.WARNING, Kind.HEADER, v -> v.withDirty(2)),
                volume("dirty", Severity.WARNING, Kind.UNCLEAN, v -> v.withDirty(1)),
                volume("size", Severity.ERROR, Kind.SIZE, v -> v.withSize(v.sizeSectors() + 2048)),
                volume("less than stripes", Severity.ERROR, Kind.SIZE, v -> v.withSize(v.sizeSectors() - 8)),
                map("reserved", Severity.ERROR, Kind.SIZE, m -> sized(m, 0, 1024, m.stripes(), 1)),
                volume(
                        "unit",
                        Severity.ERROR,
                        Kind.SIZE,
                        v -> resyncing(v, m -> m).withUnit(200)),
                map(
                        "over the copy area",
                        Severity.WARNING,
                        Kind.EXTENT,
                        m -> sized(m, 131072 - 38912 - 1000, m.memberSectors(), m.stripes(), 1)),
                map(
                        "over the metadata",
                        Severity.ERROR,
                        Kind.EXTENT,
                        m -> sized(m, 131072 - 38912, m.memberSectors(), m.stripes(), 1)));
    }

    private static Stream<Arguments> inTheTables() {
        return Stream.of(
                planted("guard", Severity.ERROR, Kind.EXTENT, mpb -> withSecondVolume(mpb, 38912 + 1024, 3)),
                planted("same name", Severity.ERROR, Kind.HEADER, mpb -> withSecondVolume(mpb, 38912 + 8192, 5)),
                planted("attributes", Severity.WARNING, Kind.HEADER, mpb -> withAttributes(mpb, 0)),
                planted("unknown attributes", Severity.WARNING, Kind.HEADER, mpb -> withAttributes(mpb, 0x8000_0020L)),
                planted(
                        "recorded size",
                        Severity.ERROR,
                        Kind.DISK_TABLE,
                        mpb -> mpb.withDisk(0, DiskEntry.fresh("/dev/loop0", 131080, DiskEntry.CONFIGURED))),
                planted(
                        "unused entry",
                        Severity.WARNING,
                        Kind.DISK_TABLE,
                        mpb -> Tables.withAppended(mpb, DiskEntry.fresh("none", 131072, DiskEntry.CONFIGURED))),
                planted(
                        "spare in the table",
                        Severity.ERROR,
                        Kind.DISK_TABLE,
                        mpb -> Tables.withAppended(mpb, DiskEntry.fresh("none", 131072, DiskEntry.SPARE))),
                planted(
                        "no serial",
                        Severity.ERROR,
                        Kind.DISK_TABLE,
                        mpb -> Tables.withAppended(mpb, DiskEntry.fresh("", 131072, DiskEntry.CONFIGURED | 4))),
                planted(
                        "bad block",
                        Severity.WARNING,
                        Kind.BAD_BLOCKS,
                        mpb -> mpb.withBadBlocks(List.of(new BadBlock(0, 100, 8)))),
                planted(
                        "bad block behind the end",
                        Severity.ERROR,
                        Kind.BAD_BLOCKS,
                        mpb -> mpb.withBadBlocks(List.of(new BadBlock(0, 131070, 8)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("inTheMetadata")
    void what_is_wrong_on_all_members_alike_is_found(String name, Severity severity, Kind kind, Plant plant)
            throws Exception {
        load(IDLE);
        Mpb wrong = plant.into(mpb("loop0"));
        for (String device : List.of("loop0", "loop1", "loop2")) {
            write(device, wrong);
        }
        assertFound(severity, kind);
    }
}
