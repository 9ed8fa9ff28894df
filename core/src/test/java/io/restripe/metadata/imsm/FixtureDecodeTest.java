package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.metadata.MemberDisk;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every member of every fixture: what an independent decoder read, and the same bytes again. */
class FixtureDecodeTest {
    static Stream<String> fixtures() {
        return Fixture.ALL.stream();
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void every_stored_value_of_every_member_is_read(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        for (MemberDisk member : fixture.members.values()) {
            Object expected = fixture.expected.get(member.name());
            if (expected == null) {
                assertThat(ImsmFormat.claim(member)).isEmpty();
            } else {
                ImsmClaim claim = ImsmFormat.claim(member).orElseThrow();
                checkMember(
                        Fixture.map(expected), claim, Placement.readMpb(member).orElseThrow());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void decoding_and_encoding_gives_the_same_bytes(String name) throws IOException {
        for (MemberDisk member : Fixture.load(name).members.values()) {
            if (Placement.readMpb(member).isPresent()) {
                Region region = Placement.readMpb(member).orElseThrow();
                byte[] again = MpbCodec.encode(MpbCodec.decode(region), region.blocks());
                assertThat(again).isEqualTo(region.bytes().toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    private static void checkMember(Map<String, Object> expected, ImsmClaim claim, Region region) {
        Mpb mpb = claim.mpb();
        MpbHeader header = mpb.header();
        long blocksPer = claim.blocks().sectorsPerBlock();
        Map<String, Object> read = new LinkedHashMap<>();
        read.put("version", header.version());
        read.put("check_sum", Checksum.of(region.bytes(), region.bytes().byteSize()));
        read.put("check_sum_ok", true);
        read.put("mpb_size", (long) MpbCodec.bytes(mpb, claim.blocks()));
        read.put("family_num", header.family());
        read.put("generation_num", header.generation());
        read.put("attributes", header.attributes());
        read.put("num_disks", (long) mpb.disks().size());
        read.put("num_raid_devs", (long) mpb.volumes().size());
        read.put("orig_family_num", header.storedOrigFamily());
        read.put("num_raid_devs_created", (long) header.volumesCreated());
        read.put("creation_time", header.creationTime());
        read.put("container_uuid_printed", mpb.volumes().isEmpty() ? Uuids.NONE : Uuids.container(header.origFamily()));
        assertThat(expected).containsAllEntriesOf(read);
        List<Object> disks = Fixture.list(expected.get("disks"));
        for (int i = 0; i < disks.size(); i++) {
            DiskEntry disk = mpb.disks().get(i);
            assertThat(Fixture.map(disks.get(i)))
                    .containsEntry("serial", disk.serial())
                    .containsEntry("total_blocks", disk.totalSectors() / blocksPer)
                    .containsEntry("scsi_id", disk.scsiId())
                    .containsEntry("status", disk.status());
        }
        List<Object> volumes = Fixture.list(expected.get("volumes"));
        assertThat(volumes).hasSameSizeAs(mpb.volumes());
        for (int i = 0; i < volumes.size(); i++) {
            checkVolume(Fixture.map(volumes.get(i)), mpb, i, blocksPer);
        }
        checkLog(expected.get("bbm"), mpb.badBlocks());
        if (expected.get("migr_record") == null) {
            assertThat(claim.recordSectorIsZero()).isTrue();
        } else {
            checkRecord(Fixture.map(expected.get("migr_record")), claim.record().orElseThrow(), blocksPer);
        }
    }

    private static void checkVolume(Map<String, Object> expected, Mpb mpb, int index, long blocksPer) {
        VolumeEntry volume = mpb.volumes().get(index);
        Map<String, Object> read = new LinkedHashMap<>();
        read.put("name", volume.name());
        read.put("size_sectors", volume.sizeSectors() / blocksPer);
        read.put("status", volume.status());
        read.put("my_vol_raid_dev_num", (long) volume.volumeId());
        read.put("rwh_policy", (long) volume.writeHolePolicy());
        read.put("curr_migr_unit", volume.migrationUnit() / blocksPer);
        read.put("migr_state", volume.migrating() ? 1L : 0L);
        read.put("migr_type", (long) volume.migrationType());
        read.put("dirty", (long) volume.dirty());
        read.put("uuid_printed", Uuids.volume(mpb.header().origFamily(), index, volume.name()));
        assertThat(expected).containsAllEntriesOf(read);
        checkMap(Fixture.map(expected.get("map0")), volume.map0(), blocksPer);
        assertThat(expected.containsKey("map1")).isEqualTo(volume.migrating());
        volume.map1().ifPresent(map -> checkMap(Fixture.map(expected.get("map1")), map, blocksPer));
    }

    private static void checkMap(Map<String, Object> expected, MapEntry map, long blocksPer) {
        Map<String, Object> read = new LinkedHashMap<>();
        read.put("pba_of_lba0", map.startSector() / blocksPer);
        read.put("blocks_per_member", map.memberSectors() / blocksPer);
        read.put("num_data_stripes", map.stripes());
        read.put("blocks_per_strip", map.chunkSectors() / blocksPer);
        read.put("map_state", (long) map.state());
        read.put("raid_level", (long) map.storedLevel());
        read.put("num_members", (long) map.members());
        read.put("num_domains", (long) map.domains());
        read.put("failed_disk_num", (long) map.failedSlot());
        read.put(
                "disk_ord_tbl",
                map.order().stream().map(Integer::toUnsignedLong).toList());
        assertThat(expected).containsAllEntriesOf(read);
    }

    private static void checkLog(Object expected, List<BadBlock> log) {
        List<BadBlock> read = expected == null
                ? List.of()
                : Fixture.list(expected).stream()
                        .map(Fixture::map)
                        .map(e -> new BadBlock(
                                Math.toIntExact((Long) e.get("disk")), (Long) e.get("sector"), (Long) e.get("blocks")))
                        .toList();
        assertThat(log).isEqualTo(read);
    }

    private static void checkRecord(Map<String, Object> expected, MigrationRecord record, long blocksPer) {
        Map<String, Object> read = new LinkedHashMap<>();
        read.put("rec_status", record.progress().inCopyArea() ? 1L : 0L);
        read.put("curr_migr_unit_lo", record.progress().unit());
        read.put("family_num", record.family());
        read.put("ascending_migr", record.ascending() ? 1L : 0L);
        read.put("blocks_per_unit", record.unitSectors() / blocksPer);
        read.put("dest_depth_per_unit", record.depthSectors() / blocksPer);
        read.put("ckpt_area_pba_lo", record.copyAreaSector() / blocksPer);
        read.put("dest_1st_member_lba_lo", record.destinationSector() / blocksPer);
        read.put("num_migr_units_lo", record.units());
        read.put("post_migr_vol_cap", record.sizeAfter() / blocksPer);
        assertThat(expected).containsAllEntriesOf(read);
    }
}
