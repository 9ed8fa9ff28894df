package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.ServedArray;
import io.restripe.assembly.ArrayStart;
import io.restripe.assembly.Assembly;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.reshape.KeptPolicy;
import io.restripe.reshape.Monitor;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The arrays of one container, by volume index. Any thread may read; volumes are added by one at a time. */
final class ContainerArrays {
    private static final long RECORDING_NANOS = 10_000_000_000L;
    private static final long LOOK_NANOS = 100_000_000L;

    private final Env env;
    private final String container;
    private final String safeModeSeconds;
    private final Monitor monitor;
    private final ArrayBackend backend;
    private final Runnable changed;
    private volatile Map<Integer, ServedArray> arrays = Map.of();

    /** Lets an array run that has been configured or taken over. */
    interface Start {
        void go() throws AttributeException;
    }

    /** @param changed told of every change of every array */
    ContainerArrays(
            Env env,
            String container,
            String safeModeSeconds,
            Monitor monitor,
            ArrayBackend backend,
            Runnable changed) {
        this.env = env;
        this.container = container;
        this.safeModeSeconds = safeModeSeconds;
        this.monitor = monitor;
        this.backend = backend;
        this.changed = changed;
    }

    /** Configures the arrays of all volumes, or takes over those that run; all are watched on return. */
    List<Start> begin(Assembly assembly) throws AttributeException {
        List<Start> starts = new ArrayList<>();
        for (Volume volume : assembly.container().volumes()) {
            starts.add(
                    backend.isRunning(volume.index())
                            ? takeOver(volume, assembly.container())
                            : configure(volume, assembly.container(), assembly.needsRepair(volume.index())));
        }
        return starts;
    }

    /**
     * Has those arrays watched that run and are not yet, also where one has gone and another of the same volume come, and configures none.
     * Those that only wait for a monitor may be written afterwards; who has claimed one, with a minus in its version, may keep it read-only.
     * What is wrong with one array keeps no other from being watched.
     */
    void watchRunning(Container described, Set<Integer> running) throws AttributeException {
        AttributeException wrong = null;
        for (Volume volume : described.volumes()) {
            if (running.contains(volume.index())) {
                try {
                    watchRunning(volume, described);
                } catch (AttributeException e) {
                    wrong = e;
                }
            }
        }
        if (wrong != null) {
            throw wrong;
        }
    }

    private void watchRunning(Volume volume, Container described) throws AttributeException {
        ServedArray known = arrays.get(volume.index());
        if (known == null || isGone(known)) {
            takeOver(volume, described);
            if (known != null) {
                known.close();
            }
        }
        ServedArray array = arrays.get(volume.index());
        if (!array.read(Attribute.METADATA_VERSION).startsWith("external:-")) {
            letWrite(array);
        }
    }

    /** Refuses reshapes that an array would refuse, before any of them is recorded. */
    void requireReshapable(List<ReshapeGoal> goals) throws ProblemException {
        for (ReshapeGoal goal : goals) {
            KeptPolicy.requireReshapable(
                    arrays.get(goal.volume()), monitor.container().volumes().get(goal.volume()));
        }
    }

    /** Configures a volume's array, read-only as yet, and has it watched. */
    Start configure(Volume volume, Container described, boolean needsRepair) throws AttributeException {
        ServedArray array = array(volume);
        keep(volume, array); // also where it is not configured, so that it is discarded with the others
        ConsistencyPolicy policy = volume.consistency().policy();
        if (volume.activity() instanceof Activity.Reshape && !array.reshapes(policy)) {
            throw new AttributeException(
                    container + "/" + volume.name(),
                    Attribute.CONSISTENCY_POLICY.mdName(),
                    policy.word(),
                    Errno.EINVAL,
                    "it is half-way through a reshape, which the kernel's arrays do not do with that policy: assemble it with"
                            + " --backend=embedded");
        }
        ArrayStart start =
                new ArrayStart(array, volume, described, monitor.disks().keySet());
        start.configure(backend.containerName());
        watch(volume, array, needsRepair);
        return start::go;
    }

    /** The array of a volume that has just been made. */
    void startNew(Volume volume, Container described) throws ProblemException {
        try {
            configure(volume, described, false).go();
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot start volume " + volume.name(), e);
        }
    }

    /** An array that runs goes on as it is; one that only waited for somebody who keeps its metadata may be written from now on. */
    private Start takeOver(Volume volume, Container described) throws AttributeException {
        ServedArray array = array(volume);
        boolean watched = false;
        try {
            watch(volume, array, Monitor.mayOweResync(described, volume));
            watched = true;
        } finally {
            if (!watched) {
                array.close();
            }
        }
        keep(volume, array);
        return () -> letWrite(array);
    }

    private static void letWrite(ServedArray array) throws AttributeException {
        String state = new Attributes(array).arrayState();
        if (state.equals("readonly") || state.equals("read-auto")) {
            array.write(Attribute.ARRAY_STATE, "active");
        }
    }

    String nameOf(Volume volume) {
        return container + "/" + volume.name();
    }

    private ServedArray array(Volume volume) throws AttributeException {
        return backend.array(nameOf(volume), volume.index(), monitor::disks);
    }

    private void keep(Volume volume, ServedArray array) {
        Map<Integer, ServedArray> with = new TreeMap<>(arrays);
        with.put(volume.index(), array);
        arrays = Collections.unmodifiableMap(with);
    }

    private void watch(Volume volume, ServedArray array, boolean needsRepair) throws AttributeException {
        array.write(Attribute.SAFE_MODE_DELAY, safeModeSeconds);
        array.subscribe(changed);
        monitor.watch(volume.index(), array.forMonitor(), needsRepair);
    }

    /** Null when the volume has none. */
    ServedArray of(int volume) {
        return arrays.get(volume);
    }

    Map<Integer, ServedArray> all() {
        return arrays;
    }

    boolean use(String serial) {
        return arrays.values().stream().anyMatch(array -> array.membersNow().contains(serial));
    }

    /** Fails a member in every array that uses it, or in none when one of them would lose data with it. */
    void fail(String serial) throws AttributeException, ProblemException {
        for (ServedArray array : arrays.values()) {
            if (array.needs(serial)) {
                throw new ProblemException(new Problem(
                        "cannot fail " + serial,
                        "array " + array.name(),
                        "it would lose data: it has no redundancy left to do without this member",
                        "Nothing was changed. Make up for what is missing first: restripe add " + container
                                + " MEMBER, then restripe wait " + container));
            }
        }
        for (ServedArray array : arrays.values()) {
            if (array.membersNow().contains(serial)) {
                array.giveUp(serial);
            }
        }
    }

    /** Limits every array's sync, per member; 0 lifts the limit. */
    void limitSpeed(long kibPerSecond) throws AttributeException {
        for (ServedArray array : arrays.values()) {
            if (!new Attributes(array).textOr(Attribute.SYNC_ACTION, "").isEmpty()) {
                array.write(Attribute.SYNC_SPEED_MAX, kibPerSecond == 0 ? "system" : Long.toString(kibPerSecond));
            }
        }
    }

    /** Something that returns when the monitor has seen what arrays are now. */
    interface Recorded {
        void await() throws ProblemException;
    }

    /**
     * Flushes and stops every array, once what waits to be recorded is; waits some seconds for that. They stay readable through their
     * attributes until {@link #close}. What the monitor says to an array as it had seen it before may start that again: so it is looked for.
     */
    void stop(Recorded recorded) throws ProblemException {
        do {
            for (ServedArray array : arrays.values()) {
                stop(array);
            }
            recorded.await();
        } while (run());
    }

    private void stop(ServedArray array) throws ProblemException {
        try {
            if (runs(array)) {
                array.disk().flush();
            }
        } catch (DiskException e) {
            // A failed member is recorded by the monitor; what the flush could not do is told by the array's state
            // below.
            System.getLogger("io.restripe.host").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        try {
            stopWithin(array, env.nanoTime() + RECORDING_NANOS);
        } catch (AttributeException e) {
            String remedy = e.errno() == Errno.EBUSY
                    ? "Wait for its users to finish and try again"
                    : "See the message; the array goes on as it was";
            throw new ProblemException(
                    new Problem("cannot stop", "array " + array.name(), String.valueOf(e.getMessage()), remedy), e);
        }
    }

    /** A write that waits to be recorded keeps an array from stopping, and passes. */
    private void stopWithin(ServedArray array, long deadline) throws AttributeException {
        Signal mayBeRecorded = new Signal(env);
        Runnable unsubscribe = array.subscribe(mayBeRecorded::raise);
        try {
            while (true) {
                try {
                    array.write(Attribute.ARRAY_STATE, "inactive");
                    return;
                } catch (AttributeException e) {
                    if (e.errno() == Errno.ENODEV) {
                        return; // somebody else has stopped it
                    }
                    long left = deadline - env.nanoTime();
                    if (e.errno() != Errno.EBUSY || left <= 0) {
                        throw e;
                    }
                    mayBeRecorded.await(Math.min(left, LOOK_NANOS));
                }
            }
        } finally {
            unsubscribe.run();
        }
    }

    /** Whether any of them runs. */
    private boolean run() {
        return arrays.values().stream().anyMatch(ContainerArrays::runs);
    }

    private static boolean runs(ServedArray array) {
        try {
            String state = new Attributes(array).arrayState();
            return !state.equals("inactive") && !state.equals("clear");
        } catch (AttributeException e) {
            return false; // it has gone
        }
    }

    void close() {
        arrays.values().forEach(ServedArray::close);
    }

    /** The same with the block devices of the volumes that have one. */
    List<String> withDevices(List<String> notes) {
        List<String> all = new ArrayList<>(notes);
        arrays.values().forEach(array -> array.device().ifPresent(device -> all.add(array.name() + " is " + device)));
        return all;
    }

    /** Whether there were arrays and none is left. */
    boolean gone() {
        return !arrays.isEmpty() && arrays.values().stream().allMatch(ContainerArrays::isGone);
    }

    private static boolean isGone(ServedArray array) {
        try {
            return new Attributes(array).arrayState().equals("clear");
        } catch (AttributeException e) {
            return false;
        }
    }

    /** Nothing is to run after all. What had been taken over runs on, without us. */
    void discard() {
        arrays.forEach((volume, array) -> {
            if (backend.isRunning(volume)) {
                array.close();
            } else {
                array.discard();
            }
        });
    }
}
