package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.Extent;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class HolesTest {
    private static final int CHUNK = 32;
    private static final long ROWS = 8;

    /** Left-symmetric, three disks: the last holds chunk 2 in row 1 and chunk 5 in row 2. */
    private static final Geometry RAID5 = Geometry.ofMd(5, 2, 3, CHUNK);

    @Test
    void what_a_rebuild_brings_while_an_answer_is_looked_for_is_not_taken_for_the_hole_that_was_there()
            throws Exception {
        Member[] members = {member("d0"), member("d1"), null};
        Member[] rebuilt = new Member[1];
        rebuilt[0] = new Member("d2", new DiskLayer(disk("d2")) {
            @Override
            public Extent extent(long sector, long sectors) throws DiskException {
                Extent before = inner().extent(sector, sectors);
                MemorySegment data = Buffers.allocate(CHUNK);
                data.fill((byte) 1);
                inner().write(2 * CHUNK, data);
                rebuilt[0].recoveredTo(3 * CHUNK);
                return before;
            }
        });
        rebuilt[0].recoveredTo(2 * CHUNK);
        members[2] = rebuilt[0];
        assertThat(Holes.extent(new Layout(RAID5, members, 0), 0, 2 * CHUNK * ROWS))
                .isEqualTo(new Extent(5 * CHUNK, true));
    }

    @Test
    void without_a_member_what_it_held_is_data() throws Exception {
        Member[] members = {member("d0"), member("d1"), null};
        assertThat(Holes.extent(new Layout(RAID5, members, 0), 0, 2 * CHUNK * ROWS))
                .isEqualTo(new Extent(2 * CHUNK, true));
    }

    private static Member member(String name) {
        Member member = new Member(name, disk(name));
        member.recoveredTo(Long.MAX_VALUE);
        return member;
    }

    private static Disk disk(String name) {
        return new MemoryDisk(name, ROWS * CHUNK);
    }
}
