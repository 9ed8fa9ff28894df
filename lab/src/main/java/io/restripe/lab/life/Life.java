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
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.metadata.MemberDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One long life of a container whose actors are processes of their own: a reshape under users, while managers and monitors are killed,
 * messages are late, lost or doubled, disks are slow, and one {@link Trouble} besides. Ends when the reshape is finished; then everything
 * is read back, once more without one of the members where the level can do without. All of it follows from one seed. Not for a
 * container that is degraded to begin with: it would take the spares for itself, and a power cut may lose what it was writing.
 */
public final class Life {
    private static final int MOST_BOOTS = 40;
    private final ReshapeCase which;
    private final long seed;
    private final Trouble trouble;
    private final SplittableRandom fate;
    private final List<Object> journal = new ArrayList<>();
    private final List<Long> sectors = new ArrayList<>();
    private final Tally tally = new Tally();
    private int version;

    public Life(ReshapeCase which, long seed) {
        this.which = which;
        this.seed = seed;
        this.fate = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 99);
        Trouble drawn = Trouble.values()[fate.nextInt(Trouble.values().length)];
        this.trouble = which.before().redundancy() > 0 ? drawn : Trouble.POWER_CUTS;
    }

    /** How much happened. */
    public static final class Tally {
        int boots;
        int kills;
        int messages;
        long steps;
        long simulatedNanos;

        /** Adds another life's. */
        public void add(Tally other) {
            boots += other.boots;
            kills += other.kills;
            messages += other.messages;
            steps += other.steps;
            simulatedNanos += other.simulatedNanos;
        }

        public int kills() {
            return kills;
        }

        public long steps() {
            return steps;
        }

        public long simulatedNanos() {
            return simulatedNanos;
        }

        @Override
        public String toString() {
            return String.format(
                    "%d boots, %d kills, %d disturbed messages, %d scheduling steps, %.2f simulated hours",
                    boots, kills, messages, steps, simulatedNanos / 3.6e12);
        }
    }

    /**
     * Lives that life.
     *
     * @throws IllegalStateException when something was wrong; the message says what, and how to see it again
     */
    public Tally run() {
        try {
            live();
            return tally;
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    which.id() + ", " + trouble + ", boot " + tally.boots + ": " + e.getMessage() + Trail.of(e)
                            + "\n  again: lab sim --kind actors --runs 1 --case " + which.id() + " --seed " + seed,
                    e);
        }
    }

    private void live() {
        List<MemoryDisk> images = prepared();
        Expectation expected = new Expectation(sectors, List.of());
        boolean finished = false;
        while (!finished) {
            if (++tally.boots > MOST_BOOTS) {
                throw new IllegalStateException("not finished after so many boots");
            }
            Boot boot = boot(images, expected);
            finished = boot.run();
            images = finished ? boot.images() : boot.remains(fate);
            expected = expected.after(journal);
            journal.clear();
            if (!finished) {
                require(Recovery.readOnly(which, images, expected));
            }
        }
        end(images, expected);
    }

    private Boot boot(List<MemoryDisk> images, Expectation expected) {
        SimEnv sim = new SimEnv(SimOptions.seeded(fate.nextLong())
                .withSwitchPercent(30)
                .withStepNanos(200)
                .withMaxSteps(20_000_000));
        boolean cuts = trouble == Trouble.POWER_CUTS && tally.boots < MOST_BOOTS / 2;
        return new Boot(which, trouble, cuts, sim, images, sectors, fate, tally) {
            @Override
            void mark(Mark mark) {
                journal.add(mark);
                if (mark instanceof Mark.Issued issued) {
                    version = issued.version();
                }
            }

            @Override
            int version() {
                return version;
            }

            @Override
            Expectation expected() {
                return expected;
            }
        };
    }

    /** Everything must be there; and again without a member, where that may be. */
    private void end(List<MemoryDisk> images, Expectation expected) {
        boolean whole = trouble == Trouble.NONE || trouble == Trouble.POWER_CUTS || trouble == Trouble.MEDIA_ERRORS;
        require(whole ? Recovery.of(which, images, expected, false) : Recovery.afterLoss(which, images, expected));
        if (whole && which.after().redundancy() > 0) {
            int lost = fate.nextInt(which.after().members());
            List<MemoryDisk> left = new ArrayList<>(images);
            left.set(lost, new MemoryDisk("disk" + lost, which.diskSectors()));
            Recovery.Result result = Recovery.afterLoss(which, left, expected);
            if (!result.wrong().isEmpty()) {
                throw new IllegalStateException("without disk " + lost + ": " + String.join("\n  ", result.wrong()));
            }
        }
    }

    private static void require(Recovery.Result result) {
        if (!result.wrong().isEmpty()) {
            throw new IllegalStateException(String.join("\n  ", result.wrong()));
        }
    }

    /** A filled container to which the disks that will join have been added as spares. */
    private List<MemoryDisk> prepared() {
        List<MemoryDisk> images = Recording.filled(which, seed, sectors);
        SimContainer machine = new SimContainer(new SimEnv(SimOptions.fast(seed)), images, 0, false);
        machine.run(() -> {
            RunningContainer container = machine.start(false);
            for (MemberDisk joining : machine.members().subList(which.disksBefore(), which.disks())) {
                container.add(joining);
            }
            container.stop();
        });
        return machine.images();
    }

    /** Compares all volumes, and takes what is there for what must stay. */
    static void compare(List<Disk> volumes, Expectation expected) {
        for (int v = 0; v < volumes.size(); v++) {
            try {
                String wrong = Checks.contents(volumes.get(v), v, expected, true);
                if (wrong != null) {
                    throw new IllegalStateException("right after assembly: " + wrong);
                }
            } catch (DiskException e) {
                throw new IllegalStateException("right after assembly: " + e.getMessage(), e);
            }
        }
        expected.settled();
    }
}
