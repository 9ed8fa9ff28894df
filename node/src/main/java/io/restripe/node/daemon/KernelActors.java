package io.restripe.node.daemon;

import io.restripe.array.kernel.KernelContainer;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.host.LoneManager;
import io.restripe.host.StandInMonitor;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A monitor or a reshape manager as a process of its own, over arrays that the kernel runs: what mdmon and mdadm's manager are elsewhere. */
public final class KernelActors {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");

    private static final long FAREWELL_NANOS = 10_000_000_000L;

    private final Env env;
    private final RunFolder run;
    private final MetadataFormat format;

    public KernelActors(Env env, RunFolder run) {
        this.env = env;
        this.run = run;
        this.format = new ImsmFormat(env);
    }

    /**
     * Is the container's monitor until its arrays have been stopped, or a signal ends it.
     *
     * @param verdict where one JSON line goes: that it has taken over, or why not
     * @return exit status
     */
    public int monitor(String name, List<String> members, PrintStream verdict) {
        List<MemberDisk> disks = new CopyOnWriteArrayList<>();
        Members opener = opener(FileDisk.Access.BESIDE_KERNEL);
        try {
            disks.addAll(opener.open(members, false));
            Residence.take();
            KernelContainer kernel = KernelContainer.standIn(env, name, format.name(), disks);
            Signal closed = new Signal(env);
            try (StandInMonitor monitor = StandInMonitor.start(env, name, format, disks, kernel, freshSocket(name))) {
                Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> endOnSignal(monitor, closed)));
                new Arrivals(
                                env,
                                kernel,
                                opener,
                                new Watched(name, monitor, opener, disks),
                                env.newLock(),
                                monitor::isEnded)
                        .lookQuietly();
                tell(verdict, Json.map("ok", Json.map("monitors", kernel.containerName(), "notes", monitor.notes())));
                LOG.log(System.Logger.Level.INFO, "{0}: the monitor of {1}", name, kernel.containerName());
                monitor.awaitEnd();
                LOG.log(
                        System.Logger.Level.INFO,
                        "{0}: {1}",
                        name,
                        monitor.allGone()
                                ? "its arrays have been stopped"
                                : "ended; its arrays go on without a monitor");
            } finally {
                closed.raise();
            }
            return 0;
        } catch (ProblemException e) {
            LOG.log(System.Logger.Level.ERROR, e.problem().text());
            tell(verdict, Json.map("error", Json.ofProblem(e.problem())));
            return 1;
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    /**
     * Is the container's reshape manager until there is nothing left to reshape: takes up what is half-way, else begins what is asked for.
     *
     * @param wanted its shape; without any number nothing is begun
     */
    public void manage(String name, List<String> members, GrowArguments wanted) throws ProblemException {
        List<MemberDisk> disks = opener(FileDisk.Access.BESIDE_OWNER).open(members, false);
        try (LoneManager manager = LoneManager.over(
                env,
                name,
                format,
                disks,
                KernelContainer.beside(env, name, format.name(), disks),
                run.monitorSocket(name))) {
            manager.takeUpOrBegin(wanted.request(List.of()));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.toString());
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    private Members opener(FileDisk.Access use) {
        MemberLocks locks = new MemberLocks(run.memberLocks());
        return new Members(env, format, locks, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS, false, use);
    }

    /**
     * The container that a monitor keeps, for disks that mdadm brings.
     *
     * @param open those to be closed when it ends
     */
    private record Watched(String name, StandInMonitor monitor, Members opener, List<MemberDisk> open)
            implements Arrivals.Home {
        @Override
        public Container container() {
            return monitor.container();
        }

        @Override
        public Collection<MemberDisk> disks() {
            return monitor.disks();
        }

        @Override
        public void add(String member) throws ProblemException {
            try (Newcomers newcomers =
                    opener.openForAdding(List.of(member), NewFiles.NONE, false, container(), disks())) {
                MemberDisk disk = newcomers.disks().getFirst();
                monitor.add(disk);
                open.add(disk);
                newcomers.keep(disk);
            }
        }

        @Override
        public void remove(String serial) throws ProblemException {
            MemberDisk leaving = monitor.remove(serial);
            open.remove(leaving);
            leaving.disk().close();
        }
    }

    private Path freshSocket(String name) throws ProblemException {
        Path socket = run.monitorSocket(name);
        try {
            Files.createDirectories(socket.getParent());
            Files.deleteIfExists(socket);
            return socket;
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot monitor container " + name,
                            socket.toString(),
                            e.toString(),
                            "Set RESTRIPE_RUN to a folder of yours that can be written"),
                    e);
        }
    }

    /** An end in order, where the JVM's own status would tell of the signal. Does nothing when it has ended already. */
    private static void endOnSignal(StandInMonitor monitor, Signal closed) {
        if (!monitor.isEnded()) {
            monitor.end();
            if (closed.await(FAREWELL_NANOS)) {
                Runtime.getRuntime().halt(0);
            }
        }
    }

    private static void tell(PrintStream verdict, java.util.Map<String, Object> message) {
        verdict.println(Json.line(message));
        verdict.flush();
    }
}
