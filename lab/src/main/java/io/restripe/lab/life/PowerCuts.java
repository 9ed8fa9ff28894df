package io.restripe.lab.life;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.host.RunningContainer;
import io.restripe.lab.crash.Checks;
import io.restripe.lab.crash.Expectation;
import io.restripe.lab.crash.Mark;
import io.restripe.lab.crash.Recording;
import io.restripe.lab.crash.Recovery;
import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.crash.SimContainer;
import io.restripe.lab.crash.Trail;
import io.restripe.lab.crash.Users;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.reshape.GrowRequest;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One long life: a reshape under users, the power cut at a random operation, what was not flushed kept, lost or torn at random, assembled
 * again with users at once at work, cut again, and so on until the reshape is finished. All of it follows from one seed.
 */
public final class PowerCuts {
    private static final int MOST_CUTS = 60;
    private final ReshapeCase which;
    private final long seed;
    private final SplittableRandom fate;
    private final List<Object> journal = new ArrayList<>();
    private List<Long> sectors = new ArrayList<>();
    private int version;
    private int cuts;

    public PowerCuts(ReshapeCase which, long seed) {
        this.which = which;
        this.seed = seed;
        this.fate = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 77);
    }

    /**
     * Lives that life.
     *
     * @return the number of power cuts it had
     * @throws IllegalStateException when something was wrong; the message says what, and how to see it again
     */
    public int run() {
        try {
            live();
            return cuts;
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    which.id() + ", after " + cuts + " cuts: " + e.getMessage() + Trail.of(e)
                            + "\n  again: lab sim --kind power --runs 1 --case " + which.id() + " --seed " + seed,
                    e);
        }
    }

    private void live() {
        List<MemoryDisk> images = Recording.filled(which, seed, sectors);
        Expectation expected = new Expectation(sectors, List.of());
        boolean[] finished = {false};
        while (!finished[0]) {
            images = oneBoot(images, expected, finished);
            Expectation after = expected.after(journal);
            Recovery.Result result = Recovery.readOnly(which, images, after);
            if (!result.wrong().isEmpty()) {
                throw new IllegalStateException(String.join("\n  ", result.wrong()));
            }
            journal.clear();
            expected = after;
        }
        Recovery.Result end = Recovery.of(which, images, expected, false);
        if (!end.wrong().isEmpty()) {
            throw new IllegalStateException(String.join("\n  ", end.wrong()));
        }
    }

    /** From power on to power off. */
    private List<MemoryDisk> oneBoot(List<MemoryDisk> images, Expectation expected, boolean[] finished) {
        SimEnv sim = new SimEnv(SimOptions.seeded(fate.nextLong())
                .withSwitchPercent(30)
                .withStepNanos(200)
                .withMaxSteps(50_000_000));
        SimContainer machine = new SimContainer(sim, images, 60_000, true)
                .allowDegraded(which.past() == ReshapeCase.Past.LOST_A_MEMBER);
        if (cuts < MOST_CUTS) {
            machine.machine().cutPowerAfter(20 + fate.nextLong(fate.nextInt(3) == 0 ? 200 : 2500));
        }
        long usersSeed = fate.nextLong();
        sim.run(() -> {
            boolean[] done = {false};
            machine.env()
                    .start("host", () -> {
                        SimContainer.unchecked(() -> host(machine, expected, usersSeed));
                        done[0] = true;
                    })
                    .join();
            finished[0] = done[0];
        });
        if (finished[0]) {
            return machine.images();
        }
        cuts++;
        return machine.machine().remains(fate);
    }

    private void host(SimContainer machine, Expectation expected, long usersSeed)
            throws ProblemException, DiskException {
        RunningContainer container = machine.start(false);
        List<Disk> volumes = new ArrayList<>();
        for (int v = 0; v < which.volumes(); v++) {
            volumes.add(SimContainer.volume(container, v));
            String wrong = Checks.contents(volumes.get(v), v, expected, true);
            if (wrong != null) {
                throw new IllegalStateException("right after assembly: " + wrong);
            }
        }
        expected.settled();
        Users users = new Users(machine.env(), volumes, sectors, usersSeed, version, (mark, tightens) -> {
            journal.add(mark);
            if (mark instanceof Mark.Issued issued) {
                version = issued.version();
            }
        });
        users.expect(expected);
        users.start(2, 60, 4_000_000);
        boolean begun = container.container().volumes().stream()
                .anyMatch(v -> v.geometry().equals(which.after()) || v.activity() instanceof Activity.Reshape);
        if (!begun) {
            if (expected.isBorn()) {
                throw new IllegalStateException("the reshape that had begun is gone: " + container.status());
            }
            container.awaitIdle(Recording.HOUR);
            container.grow(request(machine, container));
            journal.add(new Mark.Born());
        }
        if (!container.awaitIdle(Recording.HOUR)) {
            throw new IllegalStateException("the reshape does not end: " + container.status());
        }
        users.stop();
        container.stop();
    }

    /** The request as a person would repeat it: disks that have joined before the power failed are not added again. */
    private GrowRequest request(SimContainer machine, RunningContainer container) {
        GrowRequest first = which.request(machine.members());
        List<MemberDisk> missing = first.add().stream()
                .filter(disk -> container.container().disks().stream()
                        .noneMatch(known -> known.serial().equals(disk.serial())))
                .toList();
        return which.requestAdding(missing);
    }
}
