package io.restripe.host;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.assembly.ArrayStart;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.reshape.Monitor;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The embedded arrays of one container, by volume index. Any thread may read; volumes are added by one at a time. */
final class ContainerArrays {
    private static final long RECORDING_NANOS = 10_000_000_000L;
    private static final long LOOK_NANOS = 100_000_000L;

    private final Env env;
    private final String container;
    private final String safeModeSeconds;
    private final Monitor monitor;
    private final Runnable changed;
    private volatile Map<Integer, EmbeddedArray> arrays = Map.of();

    /** @param changed told of every change of every array */
    ContainerArrays(Env env, String container, String safeModeSeconds, Monitor monitor, Runnable changed) {
        this.env = env;
        this.container = container;
        this.safeModeSeconds = safeModeSeconds;
        this.monitor = monitor;
        this.changed = changed;
    }

    /** Configures a volume's array, read-only as yet, and has it watched. */
    ArrayStart configure(Volume volume, Container described, boolean needsRepair) throws AttributeException {
        EmbeddedArray array = new EmbeddedArray(env, container + "/" + volume.name(), this::wholeDisk);
        Map<Integer, EmbeddedArray> with = new TreeMap<>(arrays);
        with.put(volume.index(), array);
        arrays = Collections.unmodifiableMap(with);
        ArrayStart start =
                new ArrayStart(array, volume, described, monitor.disks().keySet());
        start.configure(container);
        array.write(Attribute.SAFE_MODE_DELAY, safeModeSeconds);
        array.subscribe(changed);
        monitor.watch(volume.index(), array, needsRepair);
        return start;
    }

    private Disk wholeDisk(String serial) {
        MemberDisk member = monitor.disks().get(serial);
        return member == null ? null : member.disk();
    }

    /** Null when the volume has none. */
    EmbeddedArray of(int volume) {
        return arrays.get(volume);
    }

    Map<Integer, EmbeddedArray> all() {
        return arrays;
    }

    boolean use(String serial) {
        return arrays.values().stream().anyMatch(array -> array.members().contains(serial));
    }

    /** Fails a member in every array that uses it, or in none when one of them would lose data with it. */
    void fail(String serial) throws AttributeException, ProblemException {
        for (EmbeddedArray array : arrays.values()) {
            if (array.needs(serial)) {
                throw new ProblemException(new Problem(
                        "cannot fail " + serial,
                        "array " + array.name(),
                        "it would lose data: it has no redundancy left to do without this member",
                        "Nothing was changed. Make up for what is missing first: restripe add " + container
                                + " MEMBER, then restripe wait " + container));
            }
        }
        for (EmbeddedArray array : arrays.values()) {
            if (array.members().contains(serial)) {
                array.giveUp(serial);
            }
        }
    }

    /** Limits every array's sync, per member; 0 lifts the limit. */
    void limitSpeed(long kibPerSecond) throws AttributeException {
        for (EmbeddedArray array : arrays.values()) {
            if (!new Attributes(array).textOr(Attribute.SYNC_ACTION, "").isEmpty()) {
                array.write(Attribute.SYNC_SPEED_MAX, kibPerSecond == 0 ? "system" : Long.toString(kibPerSecond));
            }
        }
    }

    /** Flushes and stops every array, once what waits to be recorded is; waits some seconds for that. They stay readable through their attributes until {@link #close}. */
    void stop() throws ProblemException {
        for (EmbeddedArray array : arrays.values()) {
            stop(array);
        }
    }

    private void stop(EmbeddedArray array) throws ProblemException {
        try {
            array.disk().flush();
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
    private void stopWithin(EmbeddedArray array, long deadline) throws AttributeException {
        Signal mayBeRecorded = new Signal(env);
        Runnable unsubscribe = array.subscribe(mayBeRecorded::raise);
        try {
            while (true) {
                try {
                    array.write(Attribute.ARRAY_STATE, "inactive");
                    return;
                } catch (AttributeException e) {
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

    void close() {
        arrays.values().forEach(EmbeddedArray::close);
    }
}
