package io.restripe.lab.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.unit.Units;
import org.junit.jupiter.api.Test;

/** The embedded array relocates under users, in orders of threads that a seed draws. */
class EngineLifeTest {
    private static final int SEEDS = 150;

    @Test
    void users_around_the_step_that_is_under_way_see_what_they_wrote() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            EngineLife.run(seed, false);
        }
    }

    @Test
    void a_member_that_dies_half_way_takes_nothing_with_it() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            EngineLife.run(seed, true);
        }
    }

    /** What is done here takes no simulated time, so that the clock shows the pauses of the speed limit alone. */
    @Test
    void a_lower_speed_limit_counts_from_now_on_and_keeps_nothing_back() {
        SimEnv env = new SimEnv(SimOptions.seeded(1).withMaxSteps(400_000));
        env.run(() -> {
            try {
                slowDown(env, new EngineRig(env, true));
            } catch (AttributeException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static void slowDown(SimEnv env, EngineRig rig) throws AttributeException {
        rig.start();
        EmbeddedArray array = rig.array();
        Signal wake = new Signal(env);
        array.subscribe(wake::raise);
        rig.begin();
        array.write(Attribute.SYNC_SPEED_MAX, "1000000");
        long fast = rig.step() * 8;
        array.write(Attribute.SYNC_MAX, Long.toString(fast));
        rig.await(wake, Attribute.SYNC_COMPLETED, fast + " / " + rig.component());
        array.write(Attribute.SYNC_SPEED_MAX, "1");
        assertThat(secondsTo(env, rig, wake, fast + rig.step())).isLessThan(1);
        long secondsOfStep = rig.step() / Units.SECTORS_PER_KIB;
        assertThat(secondsTo(env, rig, wake, fast + 2 * rig.step())).isBetween(secondsOfStep - 1, secondsOfStep + 1);
        rig.stop();
    }

    private static long secondsTo(SimEnv env, EngineRig rig, Signal wake, long device) throws AttributeException {
        long began = env.nanoTime();
        rig.array().write(Attribute.SYNC_MAX, Long.toString(device));
        rig.await(wake, Attribute.SYNC_COMPLETED, device + " / " + rig.component());
        return (env.nanoTime() - began) / 1_000_000_000L;
    }

    /** Time passes with every step of a thread here. Below its least speed a sync makes no room. */
    @Test
    void under_a_user_a_reshape_rests() {
        long[] nanos = new long[2];
        for (int turn = 0; turn < nanos.length; turn++) {
            int which = turn;
            SimEnv env = new SimEnv(SimOptions.seeded(1).withStepNanos(10_000).withMaxSteps(400_000));
            env.run(() -> {
                try {
                    nanos[which] = nanosOfAReshape(env, which == 0 ? 1_000_000_000 : 1);
                } catch (AttributeException e) {
                    throw new IllegalStateException(e);
                }
            });
        }
        assertThat(nanos[1]).isGreaterThan(nanos[0] * 2);
    }

    private static long nanosOfAReshape(SimEnv env, long leastSpeed) throws AttributeException {
        EngineRig rig = new EngineRig(env, true);
        rig.start();
        EmbeddedArray array = rig.array();
        Signal wake = new Signal(env);
        array.subscribe(wake::raise);
        array.write(Attribute.SYNC_SPEED_MAX, "1000000000");
        array.write(Attribute.SYNC_SPEED_MIN, Long.toString(leastSpeed));
        rig.begin();
        boolean[] done = new boolean[1];
        readOnce(array); // whoever is scheduled first, the user is there
        Env.Worker reader = env.start("reader", () -> readOn(env, array, done));
        long began = env.nanoTime();
        long end = rig.component() / 2;
        array.write(Attribute.SYNC_MAX, Long.toString(end));
        rig.await(wake, Attribute.SYNC_COMPLETED, end + " / " + rig.component());
        long nanos = env.nanoTime() - began;
        done[0] = true;
        reader.join();
        rig.stop();
        return nanos;
    }

    private static void readOn(SimEnv env, EmbeddedArray array, boolean[] done) {
        while (!done[0]) {
            readOnce(array);
            env.sleepNanos(500_000);
        }
    }

    private static void readOnce(EmbeddedArray array) {
        try {
            array.disk().read(array.disk().sectors() - 1, Buffers.allocate(1));
        } catch (DiskException e) {
            throw new IllegalStateException(e);
        }
    }
}
