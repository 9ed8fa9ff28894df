package io.restripe.node.daemon;

import io.restripe.array.kernel.KernelContainer;
import io.restripe.array.kernel.MemberMoves;
import io.restripe.env.Env;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.BooleanSupplier;

/**
 * Follows what mdadm does with the disks of a container in the kernel: one that {@code mdadm --add} has put there becomes a spare, by the
 * same way and with the same refusals as {@code restripe add}; one that is refused is put out again, and that is told. A spare or a failed
 * disk that {@code mdadm --remove} has taken away leaves. Any thread.
 */
final class Arrivals {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** The container that the disks come to. */
    interface Home {
        String name();

        Container container();

        Collection<MemberDisk> disks();

        /** As the verbs of the command have it. */
        void add(String member) throws ProblemException;

        void remove(String serial) throws ProblemException;
    }

    private final Env env;
    private final MemberMoves moves;
    private final String kernelName;
    private final Members members;
    private final Home home;
    private final Lock turn;
    private final BooleanSupplier ending;
    /** Device to what is told of it. */
    private final Map<String, String> refused = new ConcurrentSkipListMap<>();

    /**
     * Whoever put something there before is not followed.
     *
     * @param turn held by whoever changes the container, and by what this does
     * @param ending from when on nothing is to be followed; whoever says so may hold the turn for good
     */
    Arrivals(Env env, KernelContainer kernel, Members members, Home home, Lock turn, BooleanSupplier ending) {
        this.env = env;
        this.moves = kernel.moves();
        this.kernelName = kernel.containerName();
        this.members = members;
        this.home = home;
        this.turn = turn;
        this.ending = ending;
        kernel.whenAsked(this::look);
    }

    /**
     * On return what came is a spare and what left is forgotten.
     *
     * @throws IOException when something that came was refused
     */
    void look() throws IOException {
        while (!turn.tryLock()) {
            if (ending.getAsBoolean()) {
                return;
            }
            env.sleepNanos(LOOK_NANOS);
        }
        try {
            if (!ending.getAsBoolean()) {
                follow();
            }
        } finally {
            turn.unlock();
        }
    }

    /** The same where nobody waits for an answer: a refusal is in the log and in the notes. */
    void lookQuietly() {
        try {
            look();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "{0}", e.getMessage());
        }
    }

    /** What stands against disks that somebody wanted to add. */
    List<String> notes() {
        return new ArrayList<>(refused.values());
    }

    private void follow() throws IOException {
        MemberMoves.Moves news = moves.look(home.disks());
        news.left().forEach(this::left);
        String last = "";
        for (Path device : news.came()) {
            try {
                home.add(members.asRecorded(device));
                refused.remove(device.toString());
                LOG.log(
                        System.Logger.Level.INFO,
                        "{0}: {1} has been put into {2} and is a spare now",
                        home.name(),
                        device,
                        kernelName);
            } catch (ProblemException e) {
                last = refuse(device, e.problem());
            }
        }
        if (!last.isEmpty()) {
            throw new IOException(last);
        }
    }

    private String refuse(Path device, Problem problem) {
        String why = device + " was put into " + kernelName + " from outside and is no spare of " + home.name() + ": "
                + problem.why()
                + (moves.putOut(device)
                        ? ". It has been put out of " + kernelName + " again. "
                        : ". It stays there unused. ")
                + problem.remedy();
        refused.put(device.toString(), why);
        LOG.log(System.Logger.Level.ERROR, "{0}", why);
        return why;
    }

    private void left(MemberDisk disk) {
        boolean works = home.container().disks().stream()
                .anyMatch(d -> d.serial().equals(disk.serial()) && d.status() == ContainerDisk.Status.MEMBER);
        if (works) {
            return; // its volumes have it, and say so when they lose it
        }
        try {
            home.remove(disk.serial());
            LOG.log(
                    System.Logger.Level.INFO,
                    "{0}: {1} has been taken out of {2} and is no disk of it any more",
                    home.name(),
                    disk.name(),
                    kernelName);
        } catch (ProblemException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.problem().text());
        }
    }
}
