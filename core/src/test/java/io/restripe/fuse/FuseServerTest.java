package io.restripe.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.SystemEnv;
import io.restripe.fuse.FakeKernel.Answer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The threads, with a kernel that is two queues. */
@Timeout(60)
class FuseServerTest {
    private static final byte[] END = {};
    private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int HELD_BYTE = 0;

    private final BlockingQueue<byte[]> requests = new LinkedBlockingQueue<>();
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean failing;

    /** Writes to the first sector wait until they are released. */
    private final DiskLayer disk = new DiskLayer(new MemoryDisk("m0", 4096)) {
        @Override
        public void write(long sector, MemorySegment from) throws DiskException {
            if (sector == HELD_BYTE) {
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            if (failing) {
                throw new DiskException("m0", DiskException.Operation.WRITE, sector, 1, "on purpose");
            }
            super.write(sector, from);
        }
    };

    private final FuseLink link = new FuseLink() {
        @Override
        public int receive(MemorySegment into) {
            try {
                byte[] request = requests.take();
                if (request.length == 0) {
                    requests.add(END); // for the others
                    return ENDED;
                }
                MemorySegment.copy(MemorySegment.ofArray(request), 0, into, 0, request.length);
                return request.length;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return ENDED;
            }
        }

        @Override
        public void send(MemorySegment answer) {
            answers.add(Answer.of(answer.toArray(ValueLayout.JAVA_BYTE)));
        }
    };

    private final FuseServer server =
            new FuseServer(new SystemEnv(), "test", new FuseFile(disk, false), List.of(link, link));

    @BeforeEach
    void greet() throws Exception {
        server.start();
        ask(FakeKernel.INIT, 1, FakeKernel.init(7, 45, -1L));
        assertThat(answer().unique()).isEqualTo(1);
        assertThat(server.awaitInitialized(LONG_NANOS)).isTrue();
    }

    @AfterEach
    void end() {
        released.countDown();
        requests.add(END);
        assertThat(server.awaitEnd(LONG_NANOS)).as("all threads end").isTrue();
    }

    private void ask(int opcode, long unique, byte... body) {
        requests.add(FakeKernel.request(opcode, unique, 1, body));
    }

    private Answer answer() throws InterruptedException {
        Answer answer = answers.poll(LONG_NANOS, TimeUnit.NANOSECONDS);
        assertThat(answer).isNotNull();
        return answer;
    }

    private void write(long unique, long sector) {
        ask(FakeKernel.WRITE, unique, FakeKernel.transfer(sector * 512, 512, new byte[512]));
    }

    @Test
    void as_many_held_requests_as_there_may_be_keep_no_other_waiting() throws Exception {
        for (int i = 0; i < FuseFile.MOST_BACKGROUND; i++) {
            write(100 + i, HELD_BYTE);
        }
        for (int i = 0; i < 100; i++) {
            ask(FakeKernel.READ, 1000 + i, FakeKernel.transfer(4096, 4096));
            Answer answer = answer();
            assertThat(answer.unique()).isEqualTo(1000 + i);
            assertThat(answer.error()).isZero();
        }
        released.countDown();
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < FuseFile.MOST_BACKGROUND; i++) {
            seen.add(answer().unique());
        }
        assertThat(seen).hasSize(FuseFile.MOST_BACKGROUND).contains(100L);
    }

    @Test
    void bursts_leave_enough_threads_for_the_next_one() throws Exception {
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < 40; i++) {
                write(i, 8 + i);
            }
            for (int i = 0; i < 40; i++) {
                assertThat(answer().error()).isZero();
            }
        }
    }

    @Test
    void who_leaves_tells_of_no_failure_and_takes_nothing_more() throws Exception {
        write(100, HELD_BYTE);
        write(101, 8);
        assertThat(answer().unique()).isEqualTo(101);
        server.leave();
        failing = true;
        released.countDown();
        for (int i = 0; i < FuseServer.MOST_THREADS; i++) {
            write(200 + i, 8);
        }
        requests.add(END);
        assertThat(server.awaitEnd(LONG_NANOS)).isTrue();
        assertThat(answers).isEmpty();
        server.start(); // for the end of this test
    }

    @Test
    void a_failure_is_told_while_nobody_leaves() throws Exception {
        failing = true;
        write(100, 8);
        assertThat(answer().error()).isEqualTo(-5);
    }
}
