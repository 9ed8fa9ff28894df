package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.FaultDisk;
import io.restripe.metadata.Progress;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.unit.SectorRange;
import org.junit.jupiter.api.Test;

/** What members, their migration records and copy areas say of each other: each disagreement is planted once and must be found. */
class DisagreeingMembersTest extends PlantedFixture {
    private void setBack(String device, long generations, long family) throws Exception {
        MpbHeader header = mpb(device).header();
        write(
                device,
                mpb(device)
                        .withHeader(header.withFamily(header.family() + family)
                                .withGeneration(header.generation() - generations)));
    }

    @Test
    void a_member_that_missed_one_write_is_told_from_one_that_missed_more() throws Exception {
        load(IDLE);
        setBack("loop1", 1, 0);
        assertFound(Severity.WARNING, Kind.GENERATION);
        setBack("loop1", 1, 0);
        assertFound(Severity.ERROR, Kind.STALE);
    }

    @Test
    void a_member_of_another_family_is_found() throws Exception {
        load(IDLE);
        setBack("loop1", 1, 7);
        assertFound(Severity.WARNING, Kind.FAMILY);
        setBack("loop1", 1, 0);
        assertFound(Severity.ERROR, Kind.STALE);
    }

    @Test
    void two_states_of_one_generation_are_a_disagreement() throws Exception {
        load(IDLE);
        write(
                "loop1",
                mpb("loop1").withVolume(0, mpb("loop1").volumes().getFirst().withDirty(1)));
        assertFound(Severity.ERROR, Kind.DISAGREEMENT);
    }

    @Test
    void a_member_that_is_not_there_or_cannot_be_read_or_is_blank_is_found() throws Exception {
        load(IDLE);
        members.removeIf(m -> m.name().equals("loop1"));
        assertFound(Severity.WARNING, Kind.MISSING);
        assertFound(Severity.WARNING, Kind.DEGRADED);
        load(IDLE);
        replace("loop1", disk -> new FaultDisk(disk).failReads(new SectorRange(0, disk.sectors())));
        assertFound(Severity.ERROR, Kind.UNREADABLE);
        load(IDLE);
        Placement.wipe(fixture.members.get("loop1").disk());
        assertFound(Severity.ERROR, Kind.NO_METADATA);
    }

    @Test
    void a_cut_off_write_is_told_from_damage() throws Exception {
        load(IDLE);
        TailDisk disk = (TailDisk) fixture.members.get("loop1").disk();
        int firstOfSecondSector = disk.tail().length - 3 * 512;
        disk.tail()[firstOfSecondSector + 8] ^= 1;
        assertFound(Severity.WARNING, Kind.TORN);
        setBack("loop2", -2, 0);
        assertFound(Severity.ERROR, Kind.DAMAGED);
    }

    @Test
    void a_spares_record_is_held_against_its_disk() throws Exception {
        load(IDLE);
        Disk spare = fixture.members.get("loop3").disk();
        Placement.writeMpb(spare, SpareRecord.encode(new SpareDisk("other", 131072, false), BLOCKS));
        assertFound(Severity.ERROR, Kind.SPARE_RECORD);
        Placement.writeMpb(spare, SpareRecord.encode(new SpareDisk("/dev/loop3", 131064, false), BLOCKS));
        assertFound(Severity.WARNING, Kind.SPARE_RECORD);
    }

    @Test
    void a_member_with_a_spares_record_is_found() throws Exception {
        load(IDLE);
        Placement.writeMpb(
                fixture.members.get("loop1").disk(),
                SpareRecord.encode(new SpareDisk("/dev/loop1", 131072, false), BLOCKS));
        assertFound(Severity.WARNING, Kind.SPARE_RECORD); // the very first write may have been cut off before it
        setBack("loop0", -3, 0);
        setBack("loop2", -3, 0);
        assertFound(Severity.ERROR, Kind.SPARE_RECORD);
    }

    private MigrationRecord record() throws Exception {
        return ImsmFormat.claim(fixture.members.get("ubda"))
                .orElseThrow()
                .record()
                .orElseThrow();
    }

    private void writeRecord(String device, MigrationRecord record) throws DiskException {
        Placement.writeRecord(fixture.members.get(device).disk(), MigrationRecordCodec.encode(record, BLOCKS));
    }

    private static MigrationRecord changed(
            MigrationRecord r, Progress progress, long family, long copyArea, long destination) {
        return new MigrationRecord(
                progress,
                family,
                true,
                r.unitSectors(),
                r.depthSectors(),
                copyArea,
                destination,
                r.units(),
                r.sizeAfter());
    }

    @Test
    void records_are_held_against_maps_metadata_and_each_other() throws Exception {
        load(HALF_WAY);
        MigrationRecord r = record();
        Progress before = new Progress(1, false);
        writeRecord("ubda", changed(r, before, r.family(), r.copyAreaSector(), r.destinationSector()));
        assertFound(Severity.WARNING, Kind.RECORD);
        writeRecord("ubda", changed(r, r.progress(), r.family(), r.copyAreaSector(), r.destinationSector() + 8));
        assertFound(Severity.ERROR, Kind.RECORD);
        writeRecord("ubda", changed(r, r.progress(), r.family(), r.copyAreaSector() - 8, r.destinationSector()));
        assertFound(Severity.ERROR, Kind.RECORD);
        writeRecord("ubda", changed(r, r.progress(), r.family() + 1, r.copyAreaSector(), r.destinationSector()));
        assertFound(Severity.WARNING, Kind.RECORD);
        Placement.clearRecord(fixture.members.get("ubda").disk());
        assertFound(Severity.WARNING, Kind.RECORD);
    }

    @Test
    void a_record_where_none_belongs_is_found() throws Exception {
        load(HALF_WAY);
        writeRecord("ubdc", record());
        assertFound(Severity.WARNING, Kind.RECORD);
        MigrationRecord left = record();
        load(IDLE);
        writeRecord("loop0", left);
        assertFound(Severity.WARNING, Kind.RECORD);
    }

    @Test
    void a_record_behind_the_metadata_is_a_disagreement() throws Exception {
        load(HALF_WAY);
        Mpb ahead = mpb("ubda").withVolume(0, mpb("ubda").volumes().getFirst().withUnit(9));
        for (String device : fixture.members.keySet()) {
            write(device, ahead);
        }
        assertFound(Severity.ERROR, Kind.DISAGREEMENT);
    }

    @Test
    void a_flipped_bit_in_the_copy_area_is_found() {
        load(HALF_WAY);
        TailDisk disk = (TailDisk) fixture.members.get("ubdc").disk();
        disk.tail()[1000] ^= 4;
        assertThat(findings())
                .filteredOn(f -> f.kind() == Kind.CONTENTS)
                .singleElement()
                .satisfies(f -> assertThat(f.problem().where()).contains("copy area", "rows 16 to 16"));
    }
}
