package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.array.ArrayControl;
import io.restripe.array.AttributeException;
import io.restripe.assembly.Assembly;
import io.restripe.assembly.CopyAreaUse;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.reshape.GrowRequest;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.MonitorLink;
import io.restripe.reshape.Request;
import io.restripe.reshape.ReshapeManager;
import io.restripe.reshape.ReshapePlan;
import io.restripe.reshape.ReshapePlanner;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * One container that runs in this process: an array for each volume, embedded or the kernel's, the monitor that keeps its metadata, and the reshape
 * manager while there is something to reshape. A reshape that was left half-way goes on by itself, whoever began it. Any thread may
 * call.
 */
public final class RunningContainer {
    /**
     * How to start.
     *
     * @param readOnly nothing is written, not even metadata: volumes are views of their members
     * @param startDegraded see {@link Assembly.Options}
     * @param force see {@link Assembly.Options}
     * @param safeModeSeconds idle time after which an array counts as clean, in md's notation ("4.000")
     * @param copyArea what to make of a copy area that does not explain itself
     * @param backend where the arrays come from, closed when the container has ended; without one they are embedded
     * @param toMonitor how the manager reaches the monitor, given the way within the process; identity by default
     */
    public record Options(
            boolean readOnly,
            boolean startDegraded,
            boolean force,
            String safeModeSeconds,
            CopyAreaUse copyArea,
            Optional<ArrayBackend> backend,
            UnaryOperator<MonitorLink> toMonitor) {
        public static Options normal() {
            return new Options(
                    false, false, false, "4.000", CopyAreaUse.ASK, Optional.empty(), UnaryOperator.identity());
        }

        /** All of the container's arrays run already. */
        boolean takesOver(Container container) {
            return backend.isPresent()
                    && !container.volumes().isEmpty()
                    && container.volumes().stream().allMatch(v -> backend.get().isRunning(v.index()));
        }

        public Options withReadOnly(boolean on) {
            return new Options(on, startDegraded, force, safeModeSeconds, copyArea, backend, toMonitor);
        }

        public Options withStartDegraded(boolean on) {
            return new Options(readOnly, on, force, safeModeSeconds, copyArea, backend, toMonitor);
        }

        public Options withForce(boolean on) {
            return new Options(readOnly, startDegraded, on, safeModeSeconds, copyArea, backend, toMonitor);
        }

        public Options withCopyArea(CopyAreaUse use) {
            return new Options(readOnly, startDegraded, force, safeModeSeconds, use, backend, toMonitor);
        }

        public Options withBackend(ArrayBackend other) {
            return new Options(
                    readOnly, startDegraded, force, safeModeSeconds, copyArea, Optional.of(other), toMonitor);
        }

        public Options withMonitorLink(UnaryOperator<MonitorLink> link) {
            return new Options(readOnly, startDegraded, force, safeModeSeconds, copyArea, backend, link);
        }
    }

    private final Env env;
    private final String name;
    private final Options options;
    private final Assembly assembly;
    private final Monitor monitor;
    private final ArrayBackend backend;
    private final ContainerArrays arrays;
    private final Map<Integer, Disk> views = new LinkedHashMap<>();
    private final MonitorCalls calls;
    private final DiskChanges disks;
    private final Reshaping reshaping;
    private final Signal changed;
    private boolean stopped;

    private RunningContainer(Env env, String name, MetadataFormat format, Assembly assembly, Options options) {
        this.env = env;
        this.name = name;
        this.options = options;
        this.assembly = assembly;
        this.changed = new Signal(env);
        this.monitor = new Monitor(env, format, assembly.metadata(), assembly.disks());
        this.backend = options.backend().orElseGet(() -> new EmbeddedBackend(env, name));
        this.arrays = new ContainerArrays(env, name, options.safeModeSeconds(), monitor, backend, changed::raise);
        this.calls = new MonitorCalls(name, monitor);
        this.disks = new DiskChanges(name, monitor, arrays, calls, backend);
        this.reshaping = new Reshaping(
                env, name, monitor, arrays, disks, options.toMonitor().apply(monitor), changed::raise);
    }

    /** Writes a new container with its first volume on disks, whose contents are lost, which the caller has asked for; starts nothing. */
    public static void create(MetadataFormat format, List<MemberDisk> disks, VolumeSpec spec) throws ProblemException {
        ContainerCreation.create(format, disks, spec);
    }

    /** Assembles a container and runs it; on return its volumes serve. */
    public static RunningContainer start(
            Env env, String name, MetadataFormat format, List<MemberDisk> members, Options options)
            throws ProblemException {
        Assembly assembly = Assembly.look(format, members, options.copyArea());
        boolean takenOver = options.takesOver(assembly.container());
        if (!options.readOnly() && !takenOver) {
            if (options.backend().isPresent()) {
                options.backend().get().stopRunning();
            }
            boolean lists = options.backend().map(ArrayBackend::listsBadBlocks).orElse(false);
            assembly.recover(new Assembly.Options(options.startDegraded(), options.force(), lists));
        }
        RunningContainer running = new RunningContainer(env, name, format, assembly, options);
        if (options.readOnly()) {
            for (Volume volume : assembly.container().volumes()) {
                running.views.put(volume.index(), assembly.view(volume));
            }
        } else {
            running.run(takenOver);
        }
        return running;
    }

    /** A manager looks after arrays that were taken over in any case: the one before may have left them frozen. */
    private void run(boolean takenOver) throws ProblemException {
        try {
            List<ContainerArrays.Start> starts = arrays.begin(assembly);
            monitor.start();
            for (ContainerArrays.Start start : starts) {
                start.go();
            }
            backend.answer(calls);
        } catch (AttributeException e) {
            monitor.stop();
            arrays.discard();
            throw new ProblemException(
                    new Problem(
                            "cannot start container " + name,
                            "array " + name,
                            String.valueOf(e.getMessage()),
                            "Nothing of its contents was changed. Look at the members: restripe examine MEMBER..."),
                    e);
        }
        if (takenOver || ReshapeManager.hasWork(monitor.container())) {
            reshaping.takeUp();
        }
    }

    public String name() {
        return name;
    }

    /** The container as recorded now. */
    public Container container() {
        return options.readOnly() ? assembly.container() : monitor.container();
    }

    /** What a person should know: from assembly, and where the volumes are that the kernel serves. */
    public List<String> notes() {
        return arrays.withDevices(assembly.notes());
    }

    /** Whether somebody else has stopped all that ran here; what was to be recorded of it is. */
    public boolean gone() {
        return !stopped && arrays.gone();
    }

    /** The control of a volume's array. */
    public ArrayControl control(String volume) throws ProblemException {
        ArrayControl array = arrays.of(volumeOf(volume).index());
        if (array == null) {
            throw new ProblemException(new Problem(
                    "no control", "volume " + volume, "it is open read-only", "Assemble without --read-only"));
        }
        return array;
    }

    /** A volume's contents. */
    public Disk volume(String volume) throws ProblemException {
        int index = volumeOf(volume).index();
        Disk view = views.get(index);
        return view != null ? view : arrays.of(index).disk();
    }

    private Volume volumeOf(String volume) throws ProblemException {
        return MonitorCalls.volumeOf(container(), name, volume);
    }

    /** A new volume in the free space of the container's disks, started. */
    public void createVolume(VolumeSpec spec) throws ProblemException {
        requireWritable();
        ContainerCreation.prepare(monitor.metadata(), spec, monitor.disks());
        calls.ask("create volume " + spec.name(), new Request.AddVolume(spec));
        arrays.startNew(volumeOf(spec.name()), monitor.container());
    }

    /** A volume is kept consistent in another way; on return that is in force and recorded. */
    public void changePolicy(String volume, ConsistencyPolicy policy) throws ProblemException {
        requireWritable();
        PolicyChange change = new PolicyChange(name, monitor, arrays, calls);
        reshaping.whileNoneRuns("change the policy of " + volume, () -> change.change(volumeOf(volume), policy));
    }

    /** A disk joins as a spare; a degraded volume begins to rebuild onto it. */
    public void add(MemberDisk spare) throws ProblemException {
        requireWritable();
        disks.add(spare);
    }

    /** Declares a member failed: all arrays that use it go on without it, or none does when one of them cannot. */
    public void fail(String serial) throws ProblemException {
        requireWritable();
        disks.fail(serial);
    }

    /** A spare or a failed disk leaves the container and may be closed by the caller afterwards. */
    public MemberDisk remove(String serial) throws ProblemException {
        requireWritable();
        return disks.remove(serial);
    }

    /** What a request would do. Writes nothing. */
    public ReshapePlan plan(GrowRequest request) throws ProblemException {
        requireWritable();
        ReshapePlan plan = ReshapePlanner.plan(name, monitor.metadata(), request);
        arrays.requireReshapable(plan.goals());
        return plan;
    }

    /** Begins a reshape; on return it is durably begun and goes on in the background. */
    public void grow(GrowRequest request) throws ProblemException {
        reshaping.begin(plan(request), request.add());
    }

    /** Takes up a reshape that stands: after a problem, a pause, or the death of its manager. */
    public void resume() throws ProblemException {
        requireWritable();
        reshaping.resume();
    }

    /** The reshape stops at its next bound until {@link #resume}. */
    public void pause() throws ProblemException {
        requireWritable();
        reshaping.pause();
    }

    /** Checks of what the container holds. */
    public ContainerScrub scrub() throws ProblemException {
        requireWritable();
        return new ContainerScrub(name, monitor, arrays);
    }

    /** Limits every array's sync, per member; 0 lifts the limit. */
    public void speedLimit(long kibPerSecond) throws ProblemException {
        requireWritable();
        try {
            arrays.limitSpeed(kibPerSecond);
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot limit the speed", e);
        }
    }

    /** How long a reshape should make a write wait at most, {@link ReshapeManager#maxHold}; until the container is stopped. */
    public void maxHold(long nanos) throws ProblemException {
        requireWritable();
        reshaping.maxHold(nanos);
    }

    /** Whether a manager is at work. */
    public boolean isManaging() {
        return reshaping.isRunning();
    }

    /** The phase of the reshape, where there is one. */
    public Optional<ReshapeManager> manager() {
        return reshaping.manager();
    }

    public Monitor monitor() {
        return monitor;
    }

    /** What there is to see now. */
    public Status status() {
        return new StatusReader(this, arrays.all()).read();
    }

    /** Serial to disk, of the disks that it uses or knows as spares. */
    public Map<String, MemberDisk> disks() {
        return options.readOnly() ? assembly.disks() : monitor.disks();
    }

    /** Waits until nothing is under way, or the time is over. True when nothing is. */
    public boolean awaitIdle(long timeoutNanos) {
        long deadline = env.nanoTime() + timeoutNanos;
        while (isManaging() || status().volumes().stream().anyMatch(Status.VolumeStatus::busy) || monitor.syncComes()) {
            long left = deadline - env.nanoTime();
            if (left <= 0) {
                return false;
            }
            changed.await(Math.min(left, 200_000_000L));
        }
        return true;
    }

    /**
     * Stops the arrays, records them clean and ends all threads. A reshape is left at its next bound and can be taken up again. The
     * members stay open: they belong to the caller.
     *
     * @throws ProblemException when it goes on, because somebody uses it; or when all has ended, but what was the last to happen could
     *     not be recorded: then it is as after a power cut, and to stop it again does nothing
     */
    public void stop() throws ProblemException {
        if (stopped || options.readOnly()) {
            return;
        }
        reshaping.stop();
        monitor.holdSyncs(true);
        ProblemException refused = stopArrays();
        Optional<Problem> unrecorded = monitor.problem();
        if (refused != null && unrecorded.isEmpty()) {
            monitor.holdSyncs(false);
            throw refused;
        }
        end();
        if (unrecorded.isPresent()) {
            throw new ProblemException(new Problem(
                    "stopped, but not recorded as stopped",
                    "container " + name,
                    unrecorded.get().why(),
                    "It is as after a power cut: what was acknowledged and flushed is there. Look at its disks before it is"
                            + " assembled again"));
        }
    }

    /** Whether {@link #stop} has ended it, recorded or not. */
    public boolean stopped() {
        return stopped;
    }

    /** Null when they have stopped and the monitor has seen it. */
    private ProblemException stopArrays() {
        try {
            arrays.stop(() -> calls.ask("record the stop of " + name, new Request.PingMonitor()));
            return null;
        } catch (ProblemException e) {
            return e;
        }
    }

    private void end() {
        stopped = true;
        monitor.stop();
        arrays.close();
        backend.close();
    }

    private void requireWritable() throws ProblemException {
        if (options.readOnly()) {
            throw new ProblemException(new Problem(
                    "not done",
                    "container " + name,
                    "it is open read-only",
                    "Stop it and assemble without --read-only"));
        }
    }
}
