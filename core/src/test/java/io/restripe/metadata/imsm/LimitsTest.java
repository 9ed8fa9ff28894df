package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.assembly.Assembly;
import io.restripe.disk.Buffers;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** States at the edge of what the format can say, and of what a crash leaves. */
class LimitsTest {
    private static final long DISK_SECTORS = 65536;
    private static final Geometry RAID0 = Geometry.ofMd(0, 0, 3, 128);
    private static final Geometry RAID5 = Geometry.ofMd(5, 0, 3, 128);

    private final ImsmFormat format = Fixture.format();
    private final List<MemberDisk> disks = new ArrayList<>();
    private final Map<String, MemberDisk> bySerial = new LinkedHashMap<>();

    private ContainerMetadata container(Geometry geometry, String... serials) throws Exception {
        for (String serial : serials) {
            MemberDisk disk = new MemberDisk(serial, serial, new MemoryDisk(serial, DISK_SECTORS));
            disks.add(disk);
            bySerial.put(serial, disk);
        }
        List<String> first = List.of(serials).subList(0, geometry.members());
        ContainerMetadata made = format.create(disks).withVolume(new VolumeSpec("v0", geometry, 4096, first, true));
        return format.commit(made.withVolume(new VolumeSpec("v1", geometry, 4096, first, true)), bySerial)
                .metadata();
    }

    private static MemorySegment sector(MemberDisk disk, long fromEnd) throws Exception {
        MemorySegment sector = Buffers.allocate(1);
        disk.disk().read(DISK_SECTORS - fromEnd, sector);
        return sector;
    }

    /** mdadm writes the anchor first: power fails, and one member has the anchor of a write of which nobody else has anything. */
    @Test
    void a_member_with_nothing_but_the_next_anchor_is_a_member() throws Exception {
        ContainerMetadata metadata = container(RAID0, "S0", "S1", "S2");
        List<List<MemorySegment>> before = new ArrayList<>();
        for (MemberDisk disk : disks) {
            before.add(List.of(sector(disk, 2), sector(disk, 3)));
        }
        format.commit(metadata.withDirty(1, true), bySerial);
        disks.getFirst().disk().write(DISK_SECTORS - 3, before.getFirst().get(1));
        for (int i = 1; i < disks.size(); i++) {
            disks.get(i).disk().write(DISK_SECTORS - 2, before.get(i).get(0));
            disks.get(i).disk().write(DISK_SECTORS - 3, before.get(i).get(1));
        }
        assertThat(format.taste(disks.getFirst()).orElseThrow()).isInstanceOf(TornClaim.class);
        Assembly assembly = Assembly.look(format, disks);
        assertThat(assembly.disks()).containsOnlyKeys("S0", "S1", "S2");
        assembly.recover(new Assembly.Options(false, false));
        assertThat(format.inspect(disks).findings()).isEmpty();
    }

    /** "a1" and "b1" leave the same place-holder when they are missing. */
    @Test
    void short_serials_do_not_accuse_each_other() throws Exception {
        ContainerMetadata whole = container(RAID5, "a1", "b1", "c1");
        bySerial.remove("a1");
        ContainerMetadata without =
                format.commit(whole.withMemberMissing(0), bySerial).metadata();
        bySerial.remove("c1"); // the next write is cut off before it
        format.commit(without.withDirty(0, true), bySerial);
        Assembly assembly = Assembly.look(format, disks);
        assertThat(assembly.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        assertThat(assembly.disks()).containsOnlyKeys("b1", "c1");
    }

    @Test
    void a_volume_over_the_metadata_is_not_run() throws Exception {
        ImsmMetadata metadata = (ImsmMetadata) container(RAID5, "S0", "S1", "S2");
        Mpb mpb = metadata.mpb();
        long end = MpbCheck.extent(mpb.volumes().get(1)).end();
        long taken = 2 + 1; // two for the MPB, one for the record
        assertThat(metadata.withMpb(withSizes(mpb, end + taken)).refuseActivation(1))
                .isEmpty();
        ImsmMetadata over = metadata.withMpb(withSizes(mpb, end + taken - 1));
        assertThat(over.refuseActivation(0)).isEmpty();
        assertThat(over.refuseActivation(1)).anyMatch(p -> p.why().contains("the metadata the last 3"));
        assertThat(over.refuseReading(1)).isEmpty();
    }

    private static Mpb withSizes(Mpb mpb, long sectors) {
        return mpb.withDisks(mpb.disks().stream()
                .map(disk -> DiskEntry.fresh(disk.serial(), sectors, DiskEntry.CONFIGURED))
                .toList());
    }

    @Test
    void the_disk_table_ends_at_255() throws Exception {
        ImsmMetadata metadata = (ImsmMetadata) container(RAID5, "S0", "S1", "S2", "S3");
        List<DiskEntry> table = new ArrayList<>(metadata.mpb().disks());
        while (table.size() < 254) {
            table.add(DiskEntry.fresh("X" + table.size(), DISK_SECTORS, DiskEntry.CONFIGURED));
        }
        ReshapeGoal goal = new ReshapeGoal(0, Geometry.ofMd(5, 0, 4, 128), List.of("S3"));
        MemberDisk spare = bySerial.get("S3");
        ImsmMetadata almost = metadata.withMpb(metadata.mpb().withDisks(table));
        assertThat(almost.fits(0, spare)).isTrue();
        assertThat(almost.refuseReshape(goal)).noneMatch(p -> p.why().equals(Refusals.NO_ROOM));
        table.add(DiskEntry.fresh("LAST", DISK_SECTORS, DiskEntry.CONFIGURED));
        ImsmMetadata full = metadata.withMpb(metadata.mpb().withDisks(table));
        assertThat(full.fits(0, spare)).isFalse();
        assertThat(full.refuseReshape(goal)).anyMatch(p -> p.why().equals(Refusals.NO_ROOM));
    }

    @Test
    void where_a_volume_keeps_its_partial_parity_log_follows_from_its_stripes() throws Exception {
        Fixture fixture = Fixture.load("14-ppl-second-volume");
        Assembly assembly = Assembly.look(format, List.copyOf(fixture.members.values()));
        assertThat(assembly.metadata().refuseReading(1)).isEmpty();
        assertThat(assembly.metadata().refuseActivation(1)).isEmpty();
        Volume volume = assembly.container().volumes().get(1);
        assertThat(volume.consistency().logsParity()).isTrue();
        assertThat(volume.consistency().sector()).isEqualTo(volume.dataOffset() + volume.componentSectors());
        assertThat(volume.consistency().sectors()).isEqualTo(2048);
    }
}
