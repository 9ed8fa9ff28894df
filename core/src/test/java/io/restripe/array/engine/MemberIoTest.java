package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who carries out what is asked of members. */
@Timeout(60)
class MemberIoTest {
    private static final int MEMBERS = 3;
    /** Of each member: all of it together is worth a second thread, in memory too. */
    private static final int SECTORS = 512;

    private static final long FAST = 1_000;
    private static final long SLOW = 5_000_000;

    private final Clock clock = new Clock();
    private volatile long costNanos;
    private volatile CountDownLatch together = new CountDownLatch(0);

    /** Time moves only where a disk takes some. */
    private static final class Clock extends ArrayFixture.EnvLayer {
        final AtomicLong now = new AtomicLong(1);
        final AtomicInteger started = new AtomicInteger();

        @Override
        public long nanoTime() {
            return now.get();
        }

        @Override
        public Worker start(String name, Runnable body) {
            started.incrementAndGet();
            return super.start(name, body);
        }
    }

    /** Answers once so many requests as are wanted are under way together, or were. */
    private final class Watched extends DiskLayer {
        Watched() {
            super(new MemoryDisk("m", SECTORS));
        }

        @Override
        public void read(long sector, MemorySegment into) throws DiskException {
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

    private void asks(MemberIo io, int wantedTogether) {
        together = new CountDownLatch(wantedTogether);
        List<MemberRequest> reads = reads(MEMBERS);
        io.run(reads);
        assertThat(reads).allSatisfy(read -> assertThat(read.failure).isNull());
    }

    /** It shows itself so: many requests, one at a time. */
    private void learns(MemberIo io, long nanosEach) {
        together = new CountDownLatch(0);
        costNanos = nanosEach;
        for (MemberRequest read : reads(100)) {
            io.run(read);
        }
    }

    @Test
    void in_memory_a_large_batch_gets_one_thread_more() {
        try (MemberThreads threads = new MemberThreads(clock, "v")) {
            MemberIo io = new MemberIo(clock, threads);
            learns(io, FAST);
            asks(io, 2);
            assertThat(clock.started).hasValue(1);
        }
    }

    @Test
    void in_memory_who_is_sparing_does_it_alone() {
        try (MemberThreads threads = new MemberThreads(clock, "v")) {
            MemberIo sparing = new MemberIo(clock, threads).sparing();
            learns(sparing, FAST);
            asks(sparing, 1);
            assertThat(clock.started).hasValue(0);
        }
    }

    @Test
    void devices_are_asked_at_once_by_who_is_sparing_too() {
        try (MemberThreads threads = new MemberThreads(clock, "v")) {
            MemberIo sparing = new MemberIo(clock, threads).sparing();
            learns(sparing, SLOW);
            asks(sparing, MEMBERS);
            assertThat(clock.started).hasValue(MEMBERS - 1);
        }
    }

    @Test
    void where_others_meet_a_cache_who_is_sparing_still_sees_a_device_and_they_do_not() {
        try (MemberThreads threads = new MemberThreads(clock, "v")) {
            MemberIo io = new MemberIo(clock, threads);
            MemberIo sparing = io.sparing();
            learns(sparing, SLOW);
            learns(io, FAST);
            asks(sparing, MEMBERS);
            assertThat(clock.started).hasValue(MEMBERS - 1);
        }
        clock.started.set(0);
        try (MemberThreads threads = new MemberThreads(clock, "v")) {
            MemberIo io = new MemberIo(clock, threads);
            learns(io, FAST);
            learns(io.sparing(), SLOW);
            costNanos = FAST;
            asks(io, 1);
            assertThat(clock.started).hasValue(1);
        }
    }
}
