package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.unit.SectorRange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A long write to a disk that answers from memory is carried out in whole rows while the rest of it comes, and answered once. A thread that
 * is kept from running for some milliseconds looks to the server as if the disk were slow, so what depends on a fast one is tried again.
 */
@Timeout(60)
class LongWritesTest {
    private static final int WRITE = 1;
    private static final int DISCONNECT = 2;
    private static final int FLUSH = 3;
    private static final int FUA = 1;
    private static final int EIO = 5;
    /** As many of the pieces in which it is carried out as fit in, and a part of another. */
    private static final int LONG = 2 * WriteRun.ROWS_BYTES + 5 * 512;

    private static final int PIECE = WriteRun.ROWS_BYTES / RowDisk.ROW * RowDisk.ROW;
    /** Where it begins, at a row: the short ones that show its connection a quick disk go before that. */
    private static final int START = 100 * RowDisk.ROW;

    /** What has not come by then waits for more to be sent. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final RowDisk disk = new RowDisk();
    private byte[] content;

    @TempDir
    Path folder;

    @BeforeEach
    void noise() {
        content = new byte[LONG];
        new Random(20_261_127).nextBytes(content);
    }

    private ServerRig rig() throws IOException {
        return new ServerRig(folder, NbdLimits.USUAL, disk, false, new StandingEnv());
    }

    /** A client that has written so often that its connection knows the disk. */
    private static RawClient known(ServerRig rig) throws IOException {
        RawClient client = rig.client();
        for (int i = 0; i < 70; i++) {
            client.out.write(RawClient.requestBytes(0, WRITE, i, 0, 512));
            client.out.write(new byte[512]);
            assertThat(client.simpleReply(i)).isZero();
        }
        return client;
    }

    private void send(RawClient client, int flags, int cookie, int from, int bytes) throws IOException {
        if (from == 0) {
            client.request(flags, WRITE, cookie, START, LONG);
        }
        client.out.write(content, from, bytes);
    }

    private List<SectorRange> pieces() {
        return disk.written.stream()
                .filter(range -> range.start() >= START / 512)
                .toList();
    }

    /** Whether that many come to the disk while nothing more is sent. */
    private boolean come(int count) {
        long began = System.nanoTime();
        while (pieces().size() < count && System.nanoTime() - began < PATIENCE_NANOS) {
            Thread.onSpinWait();
        }
        return pieces().size() >= count;
    }

    /** One attempt of some; true: it went as it does with a fast disk. */
    private interface Attempt {
        boolean succeeds(RawClient client) throws Exception;
    }

    private void assertOnceIn(int attempts, Attempt attempt) throws Exception {
        boolean succeeded = false;
        for (int i = 0; i < attempts && !succeeded; i++) {
            disk.written.clear();
            try (ServerRig rig = rig();
                    RawClient client = known(rig)) {
                succeeded = attempt.succeeds(client);
            }
        }
        assertThat(succeeded).isTrue();
    }

    private void assertHolds() throws Exception {
        MemorySegment read = Buffers.allocate(LONG / 512);
        disk.read(START / 512, read);
        assertThat(Arrays.equals(read.toArray(ValueLayout.JAVA_BYTE), content)).isTrue();
    }

    private static SectorRange bytes(int from, int to) {
        return new SectorRange((START + from) / 512, (START + to) / 512);
    }

    @Test
    void its_rows_are_written_as_they_come() throws Exception {
        assertOnceIn(20, client -> {
            send(client, 0, 1, 0, PIECE + 512);
            boolean came = come(1);
            send(client, 0, 1, PIECE + 512, LONG - PIECE - 512);
            assertThat(client.simpleReply(1)).isZero();
            assertHolds();
            assertThat(client.error(0, FLUSH, 0, 0)).as("nothing else was said").isZero();
            return came && pieces().equals(List.of(bytes(0, PIECE), bytes(PIECE, 2 * PIECE), bytes(2 * PIECE, LONG)));
        });
    }

    /** The second begins memory for rows, and it ends within the third. */
    @Test
    void a_row_of_several_writes_is_written_before_the_rest_of_the_last_comes() throws Exception {
        int each = LONG / 4 / 512 * 512;
        int cut = (START + each + WriteRun.ROWS_BYTES) / RowDisk.ROW * RowDisk.ROW - START;
        assertOnceIn(20, client -> {
            client.out.write(RawClient.bytes(to -> {
                for (int i = 0; i < 3; i++) {
                    to.write(RawClient.requestBytes(0, WRITE, i, START + i * (long) each, each));
                    to.write(content, i * each, i < 2 ? each : cut - 2 * each);
                }
            }));
            boolean came = come(2);
            client.out.write(content, cut, 3 * each - cut);
            client.request(0, WRITE, 3, START + 3L * each, LONG - 3 * each);
            client.out.write(content, 3 * each, LONG - 3 * each);
            client.request(0, FLUSH, 4, 0, 0); // the last row would wait for more: time stands still
            assertThat(answers(client, 5)).isEqualTo(List.of(0L, 1L, 2L, 3L, 4L));
            assertHolds();
            return came && pieces().contains(bytes(each, cut));
        });
    }

    private static List<Long> answers(RawClient client, int count) throws IOException {
        List<Long> cookies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            cookies.add(takeAnswer(client));
        }
        return cookies.stream().sorted().toList();
    }

    @Test
    void it_has_failed_when_any_piece_has() throws Exception {
        for (int piece = 0; piece < 3; piece++) {
            disk.failsAt = bytes(piece * PIECE, LONG).start();
            try (ServerRig rig = rig();
                    RawClient client = known(rig)) {
                send(client, 0, 1, 0, LONG);
                assertThat(client.simpleReply(1)).isEqualTo(EIO);
                disk.failsAt = -1;
                send(client, 0, 2, 0, LONG);
                assertThat(client.simpleReply(2)).isZero();
                assertHolds();
            }
        }
    }

    @Test
    void what_follows_is_served_while_a_piece_is_held() throws Exception {
        for (int piece = 0; piece < 3; piece++) {
            RowDisk held = new RowDisk();
            held.held = bytes(piece * PIECE, piece * PIECE + 512);
            try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, held, false, new StandingEnv());
                    RawClient client = known(rig)) {
                send(client, 0, 1, 0, LONG);
                int flushed = client.error(0, FLUSH, 0, 0);
                held.letGo.countDown();
                assertThat(client.simpleReply(1)).isZero();
                assertThat(flushed).isZero();
            }
        }
    }

    @Test
    void one_that_must_be_durable_is_written_and_flushed_at_once() throws Exception {
        try (ServerRig rig = rig();
                RawClient client = known(rig)) {
            send(client, FUA, 1, 0, LONG);
            assertThat(client.simpleReply(1)).isZero();
            assertThat(pieces()).containsExactly(bytes(0, LONG));
            assertThat(disk.flushes.get()).isEqualTo(1);
        }
    }

    @Test
    void a_client_that_leaves_in_the_middle_leaves_whole_pieces() throws Exception {
        boolean came = false;
        for (int i = 0; i < 20 && !came; i++) {
            disk.written.clear();
            try (ServerRig rig = rig()) {
                try (RawClient client = known(rig)) {
                    send(client, 0, 1, 0, PIECE + 512);
                    came = come(1);
                }
                try (RawClient next = known(rig)) {
                    assertThat(pieces()).isEqualTo(came ? List.of(bytes(0, PIECE)) : List.of());
                    send(next, 0, 1, 0, LONG);
                    assertThat(next.simpleReply(1)).isZero();
                    assertHolds();
                }
            }
        }
        assertThat(came).isTrue();
    }

    /** Streams of any lengths, several at once, each over its own part of the disk. */
    @Test
    void streams_of_any_lengths_are_written_as_sent() throws Exception {
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, disk, false, new SystemEnv())) {
            int part = (int) ServerRig.BYTES / 4;
            List<Env.Worker> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int number = i;
                clients.add(rig.env.start("client", () -> stream(rig, number * part, (number + 1) * part, number)));
            }
            clients.forEach(Env.Worker::join);
        }
    }

    private void stream(ServerRig rig, int from, int to, long seed) {
        Random random = new Random(seed);
        try (RawClient client = rig.client()) {
            for (int turn = 0; turn < 20; turn++) {
                byte[] written = new byte[to - from];
                random.nextBytes(written);
                int sent = 0;
                int answered = 0;
                int depth = 1 + random.nextInt(8);
                for (int at = from; at < to; sent++) {
                    int length = Math.min(to - at, 512 * (1 + random.nextInt(random.nextBoolean() ? 12 : 700)));
                    if (sent - answered == depth) {
                        takeAnswer(client);
                        answered++;
                    }
                    client.request(0, WRITE, sent, at, length);
                    client.out.write(written, at - from, length);
                    at += length;
                }
                for (; answered < sent; answered++) {
                    takeAnswer(client);
                }
                client.request(0, 0, 1000, from, to - from);
                assertThat(client.simpleReply(1000)).isZero();
                assertThat(Arrays.equals(client.in.readNBytes(to - from), written))
                        .as("seed %d, turn %d", seed, turn)
                        .isTrue();
            }
            client.request(0, DISCONNECT, 0, 0, 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** In whatever order they come. */
    private static long takeAnswer(RawClient client) throws IOException {
        assertThat(client.in.readInt()).isEqualTo(0x67446698);
        assertThat(client.in.readInt()).isZero();
        return client.in.readLong();
    }
}
