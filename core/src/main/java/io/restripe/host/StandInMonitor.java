package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.array.AttributeException;
import io.restripe.array.kernel.KernelContainer;
import io.restripe.assembly.Assembly;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.wire.MonitorSocket;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.Lock;

/**
 * The monitor of a container that the kernel runs, and nothing else: what mdmon is elsewhere. It takes over what is there, whoever
 * started it, looks after volumes that begin to run later, answers managers and mdadm, and has nothing left to do when all have gone. It
 * starts and stops no array.
 */
public final class StandInMonitor implements ArrayBackend.Pinged, AutoCloseable {
    private static final String SAFE_MODE_SECONDS = "4.000";
    private static final long LOOK_NANOS = 500_000_000L;

    private final KernelContainer kernel;
    private final Assembly look;
    private final Monitor monitor;
    private final MonitorCalls calls;
    private final ContainerArrays arrays;
    private final DiskChanges disks;
    private final Signal changed;
    private final Lock looking;
    private MonitorSocket socket;
    private volatile boolean ending;
    private volatile boolean ended;

    private StandInMonitor(Env env, String name, MetadataFormat format, KernelContainer kernel, Assembly look) {
        this.kernel = kernel;
        this.look = look;
        this.changed = new Signal(env);
        this.looking = env.newLock();
        this.monitor = new Monitor(env, format, look.metadata(), look.disks());
        this.arrays = new ContainerArrays(env, name, SAFE_MODE_SECONDS, monitor, kernel, changed::raise);
        this.calls = new MonitorCalls(name, monitor);
        this.disks = new DiskChanges(name, monitor, arrays, calls, kernel);
    }

    /**
     * Takes over; on return the arrays that run are looked after.
     *
     * @param members the container's disks, opened beside the kernel
     * @param kernel the container that runs; closed with this
     * @param managers where managers will ask; must not exist
     */
    public static StandInMonitor start(
            Env env,
            String name,
            MetadataFormat format,
            List<MemberDisk> members,
            KernelContainer kernel,
            Path managers)
            throws ProblemException {
        Assembly look = new LiveLook(env, format, members).look();
        StandInMonitor started = new StandInMonitor(env, name, format, kernel, look);
        boolean done = false;
        try {
            started.monitor.start();
            started.lookAgain();
            started.socket = new MonitorSocket(env, started.monitor, managers);
            kernel.answer(started);
            done = true;
            return started;
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot monitor container " + name,
                            kernel.containerName(),
                            String.valueOf(e.getMessage()),
                            "The arrays go on as they were; see the message"),
                    e);
        } finally {
            if (!done) {
                started.close();
            }
        }
    }

    /** What it looks after, a line a volume. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(arrays.withDevices(List.of()));
        for (Volume volume : look.container().volumes()) {
            if (arrays.of(volume.index()) == null) {
                notes.add(arrays.nameOf(volume) + " does not run");
            }
        }
        return notes;
    }

    /** The container as recorded now. */
    public Container container() {
        return monitor.container();
    }

    /** Its disks at hand. */
    public Collection<MemberDisk> disks() {
        return monitor.disks().values();
    }

    /** See {@link RunningContainer#add}. */
    public void add(MemberDisk spare) throws ProblemException {
        disks.add(spare);
    }

    /** See {@link RunningContainer#remove}. */
    public MemberDisk remove(String serial) throws ProblemException {
        return disks.remove(serial);
    }

    @Override
    public void record() throws IOException {
        calls.record();
    }

    @Override
    public void lookAgain() throws AttributeException {
        looking.lock();
        try {
            arrays.watchRunning(monitor.container(), kernel.runningNow());
        } finally {
            looking.unlock();
        }
    }

    /** Until all arrays that it looked after have gone, or {@link #end} is called. */
    public void awaitEnd() {
        while (!ending && !arrays.gone()) {
            changed.await(LOOK_NANOS);
            try {
                kernel.look(); // fails once for each disk that is refused, not at every pass
                lookAgain();
            } catch (IOException e) {
                System.getLogger("io.restripe.host").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
            }
        }
    }

    /** Whether every array that it looked after has been stopped. */
    public boolean allGone() {
        return arrays.gone();
    }

    /** Whether {@link #close} has been called. Any thread. */
    public boolean isEnded() {
        return ended;
    }

    /** {@link #awaitEnd} returns. Any thread. */
    public void end() {
        ending = true;
        changed.raise();
    }

    /** After a last pass. The arrays go on; what needs a monitor waits for the next one. */
    @Override
    public void close() {
        ended = true;
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            System.getLogger("io.restripe.host").log(System.Logger.Level.WARNING, "{0}", e.toString());
        }
        monitor.stop();
        arrays.close();
        kernel.close();
    }
}
