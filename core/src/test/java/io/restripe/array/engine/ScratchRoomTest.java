package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory that users' requests have at once is bounded, and who waits for it is served in turn. */
@Timeout(60)
class ScratchRoomTest {
    private static final int DISKS = 8;
    private static final int CHUNK = 2048;
    private static final long ROW = (DISKS - 1) * CHUNK;
    private static final int WRITERS = 12;

    private final Env env = new SystemEnv();

    @ParameterizedTest(name = "from chunk sector {0}, {1} sectors, degraded: {2}")
    @CsvSource({"8,10000,false", "8,300,false", "0,14336,false", "8,10000,true", "4096,30000,false"})
    void requests_that_all_wait_for_slow_disks_have_no_more_than_the_room(long from, long sectors, boolean degraded)
            throws Exception {
        try (ArrayFixture f = new ArrayFixture(CHUNK * 4L * WRITERS, DISKS)) {
            f.configure(5, 0, DISKS, CHUNK, degraded ? new Integer[] {3} : new Integer[] {});
            f.start();
            f.monitor();
            CountDownLatch slow = new CountDownLatch(1);
            AtomicInteger arrived = new AtomicInteger();
            f.disks.values().forEach(disk -> {
                disk.beforeRead = () -> await(slow, arrived);
                disk.beforeWrite = () -> await(slow, arrived);
            });
            List<Env.Worker> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                writers.add(f.writer(4L * i * ROW + from, sectors));
            }
            while (arrived.get() == 0) {
                env.sleepNanos(1_000_000);
            }
            env.sleepNanos(50_000_000); // more would come in by then
            slow.countDown();
            writers.forEach(f::awaitEnd);
            assertThat(f.array.parts.scratch().mostOutSectors()).isBetween(1L, ScratchRoom.USUAL_SECTORS);
            f.array.disk().read(0, Buffers.allocate(ROW));
        }
    }

    private static void await(CountDownLatch latch, AtomicInteger arrived) {
        arrived.incrementAndGet();
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void room_is_taken_in_turn_and_given_to_all_who_fit() throws Exception {
        ScratchRoom room = new ScratchRoom(env, 100);
        room.enter(60);
        room.enter(40);
        AtomicInteger in = new AtomicInteger();
        Env.Worker large = waits(room, 90, in);
        Env.Worker small = waits(room, 10, in);
        room.leave(40);
        env.sleepNanos(20_000_000); // it would be in by then
        assertThat(in).as("the small one fits, and came later").hasValue(0);
        room.leave(60);
        large.join();
        small.join();
        assertThat(in).hasValue(2);
    }

    private Env.Worker enters(ScratchRoom room, long sectors, AtomicInteger in) {
        return env.start("user", () -> {
            room.enter(sectors);
            in.incrementAndGet();
        });
    }

    private Env.Worker waits(ScratchRoom room, long sectors, AtomicInteger in) {
        int before = room.waiting();
        Env.Worker worker = enters(room, sectors, in);
        for (int look = 0; look < 10_000 && room.waiting() == before; look++) {
            env.sleepNanos(1_000_000);
        }
        assertThat(room.waiting()).isGreaterThan(before);
        return worker;
    }

    @Test
    void one_that_wants_more_than_there_is_has_it_alone() {
        ScratchRoom room = new ScratchRoom(env, 100);
        room.enter(30);
        AtomicInteger in = new AtomicInteger();
        Env.Worker all = waits(room, 1000, in);
        assertThat(in).hasValue(0);
        room.leave(30);
        all.join();
        Env.Worker next = waits(room, 1, in);
        assertThat(in).hasValue(1);
        room.leave(1000);
        next.join();
    }

    @Test
    void never_more_than_the_limit_whoever_comes() {
        ScratchRoom room = new ScratchRoom(env, 100);
        AtomicLong taken = new AtomicLong();
        AtomicLong most = new AtomicLong();
        List<Env.Worker> users = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            long sectors = 11L * i;
            users.add(env.start("user", () -> {
                for (int turn = 0; turn < 500; turn++) {
                    room.enter(sectors);
                    most.accumulateAndGet(taken.addAndGet(sectors), Math::max);
                    taken.addAndGet(-sectors);
                    room.leave(sectors);
                }
            }));
        }
        users.forEach(Env.Worker::join);
        assertThat(most.get()).isBetween(66L, 100L);
        assertThat(taken).hasValue(0);
    }
}
