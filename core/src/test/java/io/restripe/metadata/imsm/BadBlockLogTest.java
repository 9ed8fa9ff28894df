package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.MemoryDisk;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Claim;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.unit.SectorRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sectors that members have lost: recorded, read back, forgotten, and how many at the most (docs/imsm.md, 2.10). */
class BadBlockLogTest {
    private static final SectorRange VOLUME = new SectorRange(0, 8192);

    private final ImsmFormat format = new ImsmFormat(new SystemEnv());
    private final Map<String, MemberDisk> disks = new LinkedHashMap<>();
    private ContainerMetadata metadata;

    @BeforeEach
    void a_volume_of_three() throws Exception {
        for (int d = 0; d < 4; d++) {
            disks.put("S" + d, new MemberDisk("disk" + d, "S" + d, new MemoryDisk("disk" + d, 65536)));
        }
        VolumeSpec spec = new VolumeSpec("v0", Geometry.ofMd(5, 0, 3, 128), 4096, List.of("S0", "S1", "S2"), true);
        metadata = format.commit(format.create(new ArrayList<>(disks.values())).withVolume(spec), disks)
                .metadata();
    }

    private static SectorRange range(long start, long length) {
        return new SectorRange(start, start + length);
    }

    private ContainerMetadata with(String serial, SectorRange... bad) {
        return metadata.withKnownBad(serial, VOLUME, List.of(bad)).orElseThrow();
    }

    private ContainerMetadata readBack() throws Exception {
        List<Claim> claims = new ArrayList<>();
        for (MemberDisk disk : disks.values()) {
            claims.add(format.taste(disk).orElseThrow());
        }
        return format.choose(claims).metadata();
    }

    private static List<SectorRange> bad(ContainerMetadata of, int disk) {
        return of.container().disks().get(disk).bad();
    }

    @Test
    void what_is_recorded_is_read_back_from_every_member_however_it_is_cut_into_entries() throws Exception {
        metadata = with("S1", range(1000, 8), range(1008, 600), range(5000, 8));
        metadata = metadata.withKnownBad("S2", VOLUME, List.of(range(40, 8))).orElseThrow();
        format.commit(metadata, disks);
        for (String only : List.of("S0", "S1", "S2")) {
            Mpb mpb = ((ImsmMetadata)
                            format.choose(List.of(format.taste(disks.get(only)).orElseThrow()))
                                    .metadata())
                    .mpb();
            assertThat(mpb.badBlocks()).allMatch(entry -> entry.sectors() <= 256);
            assertThat(mpb.header().attributes() & Attributes.BAD_BLOCK_LOG).isNotZero();
        }
        assertThat(bad(readBack(), 0)).isEmpty();
        assertThat(bad(readBack(), 1)).containsExactly(range(1000, 608), range(5000, 8));
        assertThat(bad(readBack(), 2)).containsExactly(range(40, 8));
    }

    @Test
    void an_entry_recorded_twice_is_one_and_nothing_changes() throws Exception {
        metadata = format.commit(with("S1", range(1000, 8), range(1000, 600)), disks)
                .metadata();
        ContainerMetadata read = readBack();
        assertThat(read.withKnownBad("S1", VOLUME, List.of(range(1000, 600), range(1100, 8))))
                .containsSame(read);
    }

    @Test
    void what_lies_outside_of_the_volume_stays() {
        metadata = metadata.withKnownBad("S1", range(8192, 100), List.of(range(8192, 8)))
                .orElseThrow();
        metadata = with("S1", range(8184, 16));
        assertThat(bad(metadata, 1)).containsExactly(range(8184, 16));
        assertThat(bad(with("S1"), 1)).containsExactly(range(8192, 8));
    }

    @Test
    void entries_that_are_no_more_leave_the_log_and_the_last_one_the_attribute() throws Exception {
        metadata =
                format.commit(with("S1", range(1000, 8), range(5000, 8)), disks).metadata();
        metadata = format.commit(with("S1", range(5000, 8)), disks).metadata();
        assertThat(bad(readBack(), 1)).containsExactly(range(5000, 8));
        metadata = format.commit(with("S1"), disks).metadata();
        Mpb mpb = ((ImsmMetadata) readBack()).mpb();
        assertThat(mpb.badBlocks()).isEmpty();
        assertThat(mpb.header().attributes() & Attributes.BAD_BLOCK_LOG).isZero();
    }

    @Test
    void the_log_of_all_members_together_has_room_for_so_many_entries() throws Exception {
        SectorRange[] most =
                LongStream.range(0, 254).mapToObj(i -> range(i * 16, 8)).toArray(SectorRange[]::new);
        metadata = format.commit(with("S1", most), disks).metadata();
        assertThat(bad(readBack(), 1)).containsExactly(most);
        assertThat(metadata.withKnownBad("S2", VOLUME, List.of(range(0, 8)))).isEmpty();
        assertThat(metadata.withKnownBad("S1", VOLUME, List.of(range(0, 8)))).isPresent();
        assertThat(metadata.withKnownBad("S1", VOLUME, List.of(range(0, 254 * 256))))
                .as("the volume is that short")
                .isPresent();
    }

    @Test
    void a_member_that_fails_and_one_that_is_rebuilt_have_none() {
        metadata = with("S1", range(1000, 8)).withMemberFailed("S1");
        assertThat(bad(metadata, 1)).isEmpty();
        assertThat(metadata.withKnownBad("S1", VOLUME, List.of(range(1000, 8)))).isEmpty();
        metadata = metadata.withRebuild(0, 1, "S3");
        assertThat(metadata.container().disks()).allMatch(disk -> disk.bad().isEmpty());
        assertThat(metadata.withKnownBad("S3", VOLUME, List.of(range(1000, 8))))
                .as("a disk that is being rebuilt may have lost sectors again")
                .isPresent();
    }
}
