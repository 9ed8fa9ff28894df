package io.restripe.lab.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A container that is stopped as soon as it is idle, while the end of a rebuild may still wait to be recorded. */
class StopAfterRebuildTest {
    private static final int SEEDS = 60;
    private static final long MEMBER_KIB = 2048;
    private static final long DISK_SECTORS = 20_000;

    @Test
    void it_stops_and_the_rebuild_is_recorded() {
        IntStream.rangeClosed(1, SEEDS).forEach(StopAfterRebuildTest::rebuildAndStop);
    }

    private static void rebuildAndStop(int seed) {
        SimEnv sim = new SimEnv(SimOptions.seeded(seed).withSwitchPercent(30).withStepNanos(200));
        SimMachine machine = new SimMachine(sim);
        Env env = sim.process("restripe").env();
        MetadataFormat format = new ImsmFormat(env);
        List<MemberDisk> members = IntStream.range(0, 3)
                .mapToObj(i -> machine.disk("disk" + i, new MemoryDisk("disk" + i, DISK_SECTORS)))
                .map(disk -> new MemberDisk(disk.name(), disk.name(), disk))
                .toList();
        sim.run(() -> {
            try {
                VolumeSpec spec =
                        new VolumeSpec("v0", Geometry.ofMd(1, 0, 2, 128), MEMBER_KIB, List.of("disk0", "disk1"), true);
                RunningContainer.create(format, members, spec);
                RunningContainer container =
                        RunningContainer.start(env, "c0", format, members, RunningContainer.Options.normal());
                container.fail("disk1");
                assertThat(container.awaitIdle(TimeUnit.HOURS.toNanos(1))).isTrue();
                container.stop();
                assertThat(container.container().volumes().getFirst().missingSlots())
                        .as("seed %d", seed)
                        .isZero();
                assertThat(container.container().volumes().getFirst().activity())
                        .as("seed %d", seed)
                        .isInstanceOf(Activity.Idle.class);
            } catch (ProblemException e) {
                throw new IllegalStateException("seed " + seed + ": " + e.getMessage(), e);
            }
        });
    }
}
