package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who carries out what is asked of members. */
@Timeout(60)
class MemberIoTest {
    private static final int MEMBERS = 3;
    /** Of each member: all of it together is worth a second thread, in memory too. */
    private static final int SECTORS = 512;

    private final Clock clock = new Clock();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private long costNanos;
    private CountDownLatch together = new CountDownLatch(0);

    /** Time moves only where a disk takes some. */
    private static final class Clock extends ArrayFixture.EnvLayer {
        final AtomicLong now = new AtomicLong(1);

        @Override
        public long nanoTime() {
            return now.get();
        }
    }

    /** Answers once so many requests as are wanted are under way together, or were. */
    private final class Watched extends DiskLayer {
        Watched() {
            super(new MemoryDisk("m", SECTORS));
        }

        @Override
        public void read(long sector, MemorySegment into) throws DiskException {
            threads.add(Thread.currentThread());
            together.countDown();
            try {
                assertThat(together.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            clock.now.addAndGet(costNanos);
            inner().read(sector, into);
        }
    }

    private List<MemberRequest> reads(int times) {
        List<MemberRequest> reads = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            Member member = new Member("d" + i, new Watched());
            reads.add(MemberRequest.read(member, 0, Buffers.allocate(SECTORS), i));
        }
        return reads;
    }

    /** Gives the threads that took part. */
    private Set<Thread> asks(MemberIo io, int wantedTogether) {
        threads.clear();
        together = new CountDownLatch(wantedTogether);
        List<MemberRequest> reads = reads(MEMBERS);
        io.run(reads);
        assertThat(reads).allSatisfy(read -> assertThat(read.failure).isNull());
        return threads;
    }

    private void learn(MemberIo io) {
        together = new CountDownLatch(0);
        for (MemberRequest read : reads(100)) {
            io.run(read);
        }
    }

    @Test
    void in_memory_a_large_batch_gets_one_thread_more() {
        try (MemberIo io = new MemberIo(clock, "v")) {
            learn(io);
            assertThat(asks(io, 2)).hasSize(2).contains(Thread.currentThread());
        }
    }

    @Test
    void in_memory_who_is_sparing_does_it_alone() {
        try (MemberIo io = new MemberIo(clock, "v")) {
            learn(io);
            assertThat(asks(io.sparing(), 1)).containsExactly(Thread.currentThread());
        }
    }

    @Test
    void devices_are_asked_at_once_by_who_is_sparing_too() {
        costNanos = 5_000_000;
        try (MemberIo io = new MemberIo(clock, "v")) {
            learn(io);
            assertThat(asks(io, MEMBERS)).hasSize(MEMBERS);
            assertThat(asks(io.sparing(), MEMBERS)).hasSize(MEMBERS);
        }
    }
}
