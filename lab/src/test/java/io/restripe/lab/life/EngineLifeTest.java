package io.restripe.lab.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.env.Signal;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.unit.Units;
import org.junit.jupiter.api.Test;

/** The embedded array relocates under users, in orders of threads that a seed draws. */
class EngineLifeTest {
    private static final int SEEDS = 12;

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
}
