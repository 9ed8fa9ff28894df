package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.unit.SectorRange;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The rows of a stream of writes are written whole: what a run leaves unfinished waits a little for what goes on with it. */
@Timeout(60)
class UnfinishedRowsTest {
    private static final int WRITE = 1;
    private static final int FLUSH = 3;
    private static final int EIO = 5;
    private static final int ROW_SECTORS = RowDisk.ROW_SECTORS;
    private static final int ROW = RowDisk.ROW;

    @TempDir
    Path folder;

    private final RowDisk disk = new RowDisk();

    private ServerRig rig(Env env) throws Exception {
        return new ServerRig(folder, NbdLimits.USUAL, disk, false, env);
    }

    /** Writes of a length, one behind the other, with the numbers from first on as cookies; sent together. */
    private static void send(RawClient client, int first, int count, int length, byte[] content) throws Exception {
        client.out.write(RawClient.bytes(to -> {
            for (int i = first; i < first + count; i++) {
                to.write(RawClient.requestBytes(0, WRITE, i, (long) i * length, length));
                to.write(content, i * length, length);
            }
        }));
    }

    /** The next so many answers, as "cookie" or "cookie: error", sorted. */
    private static List<String> answers(RawClient client, int count) throws Exception {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            assertThat(client.in.readInt()).isEqualTo(0x67446698);
            int error = client.in.readInt();
            long cookie = client.in.readLong();
            answers.add(error == 0 ? Long.toString(cookie) : cookie + ": " + error);
        }
        return answers.stream().sorted().toList();
    }

    private static byte[] noise(long seed) {
        byte[] noise = new byte[(int) ServerRig.BYTES];
        new Random(seed).nextBytes(noise);
        return noise;
    }

    private void assertHolds(byte[] content, int length) throws Exception {
        MemorySegment read = io.restripe.disk.Buffers.allocate(length / 512);
        disk.read(0, read);
        byte[] held = read.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        assertThat(Arrays.equals(held, Arrays.copyOf(content, length))).isTrue();
    }

    private static List<Integer> numbers(int from, int to) {
        return java.util.stream.IntStream.range(from, to).boxed().toList();
    }

    private static List<String> cookies(int from, int to) {
        return numbers(from, to).stream().map(Object::toString).sorted().toList();
    }

    @Test
    void what_is_behind_the_last_whole_row_waits_for_the_rest_of_its_row() throws Exception {
        byte[] content = noise(1);
        int length = ROW / 6;
        try (ServerRig rig = rig(new StandingEnv());
                RawClient client = rig.client()) {
            send(client, 0, 8, length, content);
            assertThat(answers(client, 6)).isEqualTo(cookies(0, 6));
            send(client, 8, 6, length, content);
            assertThat(answers(client, 6)).isEqualTo(cookies(6, 12));
            client.request(0, FLUSH, 99, 0, 0);
            assertThat(answers(client, 3)).isEqualTo(List.of("12", "13", "99"));
            assertThat(disk.written.stream().filter(range -> range.start() >= ROW_SECTORS))
                    .containsExactlyInAnyOrder(
                            new SectorRange(ROW_SECTORS, 2 * ROW_SECTORS),
                            new SectorRange(2 * ROW_SECTORS, 2 * ROW_SECTORS + ROW_SECTORS / 3));
            assertHolds(content, 14 * length);
        }
    }

    /** Who had eight under way before it waited goes on sending while two are unanswered. */
    @Test
    void a_row_of_a_deep_stream_waits_for_writes_that_come_one_by_one() throws Exception {
        byte[] content = noise(9);
        int length = ROW / 6;
        try (ServerRig rig = rig(new StandingEnv());
                RawClient client = rig.client()) {
            send(client, 0, 8, length, content);
            assertThat(answers(client, 6)).isEqualTo(cookies(0, 6));
            for (int i = 8; i < 12; i++) {
                assertThat(disk.written).noneMatch(range -> range.start() >= ROW_SECTORS);
                send(client, i, 1, length, content);
            }
            assertThat(answers(client, 6)).isEqualTo(cookies(6, 12));
            assertThat(disk.written.getLast()).isEqualTo(new SectorRange(ROW_SECTORS, 2 * ROW_SECTORS));
            assertHolds(content, 12 * length);
        }
    }

    @Test
    void a_write_across_the_end_of_a_row_is_answered_when_all_of_it_is_written() throws Exception {
        byte[] content = noise(2);
        int length = 5 * 512;
        try (ServerRig rig = rig(new StandingEnv());
                RawClient client = rig.client()) {
            send(client, 0, 5, length, content);
            assertThat(answers(client, 4)).isEqualTo(cookies(0, 4));
            send(client, 5, 5, length, content);
            assertThat(answers(client, 5)).isEqualTo(cookies(4, 9));
            client.request(0, FLUSH, 99, 0, 0);
            assertThat(answers(client, 2)).isEqualTo(List.of("9", "99"));
            assertHolds(content, 10 * length);
        }
    }

    @Test
    void a_write_across_the_end_of_a_row_has_failed_when_either_part_has() throws Exception {
        int length = 5 * 512;
        for (int part = 0; part < 2; part++) {
            disk.failsAt = part == 0 ? ROW_SECTORS - 1 : ROW_SECTORS;
            try (ServerRig rig = rig(new StandingEnv());
                    RawClient client = rig.client()) {
                send(client, 0, 5, length, noise(3));
                assertThat(answers(client, 4)).contains(part == 0 ? "3: " + EIO : "3");
                client.request(0, FLUSH, 99, 0, 0);
                assertThat(answers(client, 2)).isEqualTo(List.of("4: " + EIO, "99"));
            }
        }
    }

    @Test
    void a_stream_that_ends_within_a_row_is_answered_all_the_same() throws Exception {
        byte[] content = noise(4);
        try (ServerRig rig = rig(new SystemEnv());
                RawClient client = rig.client()) {
            send(client, 0, 50, 1536, content);
            assertThat(answers(client, 50)).isEqualTo(cookies(0, 50));
            send(client, 50, 50, 1536, content);
            assertThat(answers(client, 50)).isEqualTo(cookies(50, 100));
            assertHolds(content, 100 * 1536);
        }
    }

    /** As where it lies in what a reshape has suspended. */
    @Test
    void an_unfinished_row_that_is_held_keeps_no_other_one_waiting() throws Exception {
        byte[] content = noise(10);
        int length = ROW / 6;
        disk.held = new SectorRange(ROW_SECTORS, 2 * ROW_SECTORS);
        try (ServerRig rig = rig(new SystemEnv());
                RawClient client = rig.client()) {
            send(client, 0, 8, length, content);
            assertThat(answers(client, 6)).isEqualTo(cookies(0, 6));
            while (disk.written.stream().noneMatch(range -> range.overlaps(disk.held))) {
                Thread.onSpinWait();
            }
            send(client, 30, 8, length, content);
            assertThat(answers(client, 8)).isEqualTo(cookies(30, 38));
            disk.letGo.countDown();
            assertThat(answers(client, 2)).isEqualTo(cookies(6, 8));
        } finally {
            disk.letGo.countDown();
        }
    }

    @Test
    void a_client_that_waits_for_each_answer_gets_it() throws Exception {
        byte[] content = noise(5);
        try (ServerRig rig = rig(new StandingEnv());
                RawClient client = rig.client()) {
            for (int i = 0; i < 30; i++) {
                send(client, i, 1, 5 * 1024, content);
                assertThat(answers(client, 1)).isEqualTo(cookies(i, i + 1));
            }
            assertHolds(content, 30 * 5 * 1024);
        }
    }

    @Test
    void a_client_that_leaves_in_good_order_leaves_nothing_unwritten() throws Exception {
        byte[] content = noise(6);
        int length = ROW / 6;
        try (ServerRig rig = rig(new StandingEnv())) {
            try (RawClient client = rig.client()) {
                send(client, 0, 8, length, content);
                assertThat(answers(client, 6)).isEqualTo(cookies(0, 6));
                client.request(0, 2, 100, 0, 0);
                assertThat(answers(client, 2)).isEqualTo(cookies(6, 8));
            }
            assertHolds(content, 8 * length);
        }
    }

    @Test
    void a_client_that_just_goes_does_not_hold_anything_up() throws Exception {
        try (ServerRig rig = rig(new StandingEnv())) {
            try (RawClient client = rig.client()) {
                send(client, 0, 8, ROW / 6, noise(7));
                assertThat(answers(client, 6)).isEqualTo(cookies(0, 6));
            }
            try (RawClient next = rig.client()) {
                send(next, 0, 1, 512, noise(8));
                assertThat(answers(next, 1)).isEqualTo(cookies(0, 1));
            }
        }
    }
}
