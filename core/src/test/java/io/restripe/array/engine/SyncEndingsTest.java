package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.Buffers;
import io.restripe.env.Env;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How syncs begin, end and are taken up again when something comes in between. */
@Timeout(60)
class SyncEndingsTest {
    private static final long COMPONENT = 2048;

    @Test
    void a_bug_in_a_window_ends_the_reshape_lets_users_in_and_is_told() throws Exception {
        BreakingEnv env = new BreakingEnv();
        ArrayFixture f = new ArrayFixture(env, COMPONENT, 4);
        f.configure(5, 0, 3, 32);
        f.start();
        f.monitor();
        Model model = new Model(f.array.disk(), 0, f.array.disk().sectors(), new Random(5));
        model.fill();
        f.set(Attribute.SYNC_ACTION, "frozen");
        f.set(Attribute.RAID_DISKS, 4);
        f.add("d3", 3);
        env.breaksIn = ".Window";
        f.set(Attribute.SYNC_ACTION, "reshape");
        f.await(Attribute.SYNC_ACTION, "idle");
        f.awaitEnd(env.start("reader", () -> ArrayFixture.ask(model::verify)));
        f.set(Attribute.SYNC_ACTION, "reshape");
        f.await(Attribute.RESHAPE_POSITION, "none");
        model.verify();
        assertThatThrownBy(f::close).hasRootCauseMessage("no memory");
    }

    /** Has no memory, once, for a lock that this class wants. */
    private static final class BreakingEnv extends ArrayFixture.EnvLayer {
        private volatile String breaksIn = "";

        @Override
        public Lock newLock() {
            return new ReentrantLock() {
                private static final long serialVersionUID = 1L;

                @Override
                public void lock() {
                    String culprit = breaksIn;
                    if (!culprit.isEmpty()
                            && StackWalker.getInstance()
                                    .walk(s -> s.anyMatch(
                                            frame -> frame.getClassName().endsWith(culprit)))) {
                        breaksIn = "";
                        throw new OutOfMemoryError("no memory");
                    }
                    super.lock();
                }
            };
        }
    }

    @Test
    void a_reshape_taken_up_again_shows_no_more_than_is_durable() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 32);
            f.start();
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.RAID_DISKS, 4);
            f.set(Attribute.ARRAY_STATE, "active");
            f.add("d3", 3);
            f.disks.get("d1").failsWrites = true;
            f.set(Attribute.SYNC_MAX, 256);
            f.set(Attribute.SYNC_ACTION, "reshape");
            f.await(Attribute.ARRAY_STATE, "write-pending");
            f.set(Attribute.SYNC_ACTION, "frozen");
            f.set(Attribute.SYNC_ACTION, "idle");
            f.await(Attribute.SYNC_COMPLETED, "0 / 2048");
            f.set(Attribute.ARRAY_STATE, "active");
            f.array.write("d1", MemberAttribute.STATE, "-blocked");
            f.await(Attribute.SYNC_COMPLETED, "256 / 2048");
        }
    }

    @Test
    void a_first_write_during_the_last_flush_of_a_resync_does_not_undo_its_end() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, 32);
            f.set(Attribute.RESYNC_START, 0);
            f.set(Attribute.ARRAY_STATE, "readonly");
            f.set(Attribute.SYNC_MAX, COMPONENT - 32);
            f.set(Attribute.ARRAY_STATE, "active");
            f.await(Attribute.SYNC_COMPLETED, COMPONENT - 32 + " / " + COMPONENT);
            List<Env.Worker> users = new CopyOnWriteArrayList<>();
            CountDownLatch begun = new CountDownLatch(1);
            f.disks.get("d0").beforeFlush = () -> {
                f.disks.get("d0").beforeFlush = () -> {};
                users.add(f.writer(0, 8));
                awaitState(f, "write-pending");
                begun.countDown();
            };
            f.set(Attribute.SYNC_MAX, "max");
            awaitLatch(begun);
            f.monitor();
            f.await(Attribute.SYNC_ACTION, "idle");
            f.await(Attribute.RESYNC_START, "none");
            f.awaitEnd(users.getFirst());
        }
    }

    @Test
    void a_resync_that_was_stopped_at_its_very_end_ends() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 3)) {
            f.configure(5, 0, 3, 32);
            f.set(Attribute.RESYNC_START, COMPONENT);
            f.start();
            f.monitor();
            f.await(Attribute.RESYNC_START, "none");
        }
    }

    @Test
    void a_recovery_that_waits_for_users_to_leave_runs_already() throws Exception {
        try (ArrayFixture f = new ArrayFixture(COMPONENT, 4)) {
            f.configure(5, 0, 3, 32, 1);
            f.start();
            f.monitor();
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch leave = new CountDownLatch(1);
            f.disks.get("d0").beforeRead = () -> {
                inside.countDown();
                awaitLatch(leave);
            };
            Env.Worker reader = f.env.start(
                    "reader", () -> ArrayFixture.ask(() -> f.array.disk().read(0, Buffers.allocate(8))));
            awaitLatch(inside);
            f.add("d3", -1);
            while (f.array.read("d3", MemberAttribute.SLOT).equals("none")) {
                f.env.sleepNanos(1_000_000);
            }
            assertThatThrownBy(() -> f.array.write("d3", MemberAttribute.STATE, "remove"))
                    .hasMessageContaining("EBUSY");
            Env.Worker freezer = f.env.start("freezer", () -> {
                try {
                    f.set(Attribute.SYNC_ACTION, "frozen");
                } catch (AttributeException e) {
                    throw new IllegalStateException(e);
                }
            });
            f.env.sleepNanos(5_000_000);
            assertThat(freezer.isAlive()).isTrue();
            leave.countDown();
            reader.join();
            freezer.join();
            assertThat(f.get(Attribute.SYNC_ACTION)).isEqualTo("frozen");
            assertThat(f.get(Attribute.DEGRADED)).isEqualTo("1");
        }
    }

    private static void awaitState(ArrayFixture f, String word) {
        try {
            f.await(Attribute.ARRAY_STATE, word);
        } catch (AttributeException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
