package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a large request asks of one member, one behind the other, is one request of its disk. */
@Timeout(60)
class AdjoiningRequestsTest {
    private static final long COMPONENT = 2048;
    private static final int CHUNK = 16;
    private static final int ROW = 2 * CHUNK;

    private static ArrayFixture raid5(Model[] model) throws Exception {
        ArrayFixture f = new ArrayFixture(COMPONENT, 3);
        f.configure(5, 0, 3, CHUNK);
        f.start();
        f.monitor();
        model[0] = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(5));
        model[0].fill();
        return f;
    }

    @Test
    void whole_rows_are_one_write_of_each_member() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = raid5(model)) {
            for (int i = 0; i < 3; i++) {
                f.disks.get("d" + i).together.set(0);
            }
            f.array.disk().write(0, StripeTransform.slice(model[0].content(), 0, 8 * ROW));
            for (int i = 0; i < 3; i++) {
                assertThat(f.disks.get("d" + i).together.get()).isEqualTo(1);
            }
            model[0].verify();
        }
    }

    @Test
    void a_bad_sector_among_several_is_reconstructed_and_the_rest_read() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = raid5(model)) {
            f.disks.get("d1").badSectors.add((long) ArrayFixture.OFFSET + 3 * CHUNK + 5);
            f.disks.get("d1").together.set(0);
            MemorySegment all = Buffers.allocate(16 * ROW);
            f.array.disk().read(0, all);
            assertThat(f.disks.get("d1").together.get()).isPositive();
            assertThat(all.mismatch(StripeTransform.slice(model[0].content(), 0, 16 * ROW)))
                    .isEqualTo(-1);
            assertThat(f.disks.get("d1").badSectors).isEmpty();
        }
    }

    @Test
    void a_member_that_fails_some_of_them_has_failed_and_the_write_has_not() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = raid5(model)) {
            f.disks.get("d1").failsWrites = true;
            f.array.disk().write(0, StripeTransform.slice(model[0].content(), 0, 8 * ROW));
            assertThat(f.array.read("d1", MemberAttribute.STATE)).contains("faulty");
            model[0].verify();
        }
    }

    @Test
    void with_too_many_members_failing_the_write_fails() throws Exception {
        Model[] model = new Model[1];
        try (ArrayFixture f = raid5(model)) {
            f.disks.get("d0").failsWrites = true;
            f.disks.get("d1").failsWrites = true;
            MemorySegment rows = StripeTransform.slice(model[0].content(), 0, 8 * ROW);
            assertThatThrownBy(() -> f.array.disk().write(0, rows)).isInstanceOf(DiskException.class);
            assertThat(f.get(Attribute.ARRAY_STATE)).isEqualTo("broken");
        }
    }
}
