package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.AttributeException;
import io.restripe.array.MemberAttribute;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Inspection;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.RuleBroken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;

/**
 * The monitor of one container: alone writes its metadata, alone raises {@code sync_max} and moves {@code suspend_lo}. Its thread
 * waits for changes of the arrays and for requests, and never issues a write that could block on an array (R10: woken by
 * notification, with a bounded time-out as a safety net). Requests come from any thread through {@link #call}.
 */
public final class Monitor implements MonitorLink {
    private static final System.Logger LOG = System.getLogger("io.restripe.monitor");
    private static final long SAFETY_NET_NANOS = 500_000_000L;

    private final Env env;
    private final Signal signal;
    private final Lock lock;
    private final RequestQueue requests;
    private final Map<Integer, WatchedArray> arrays = new LinkedHashMap<>();
    private final List<Runnable> subscriptions = new ArrayList<>();
    private final MetadataKeeper keeper;
    private final ResyncDebts debts = new ResyncDebts();
    private final RequestHandler handler;
    private final SyncStarter syncStarter;
    private Env.Worker worker;
    private Problem problem;

    /** @param disks serial to disk, of all disks that the metadata uses or knows as spares */
    public Monitor(Env env, MetadataFormat format, ContainerMetadata metadata, Map<String, MemberDisk> disks) {
        this.env = env;
        this.signal = new Signal(env);
        this.lock = env.newLock();
        this.requests = new RequestQueue(env);
        this.keeper = new MetadataKeeper(env, format, metadata, disks);
        this.handler = new RequestHandler(keeper, debts, this::watched);
        this.syncStarter = new SyncStarter(env, this);
    }

    /**
     * From now on this array is watched. Call before {@link #start} or while running.
     *
     * @param needsRepair it was stopped uncleanly in the middle of a reshape
     */
    public void watch(int volume, ArrayControl control, boolean needsRepair) {
        lock.lock();
        try {
            arrays.put(volume, new WatchedArray(volume, control, keeper, debts));
            if (needsRepair) {
                debts.owe(volume);
            }
            subscriptions.add(control.subscribe(signal::raise));
        } finally {
            lock.unlock();
        }
        signal.raise();
    }

    public void start() {
        worker = env.start("monitor", this::run);
        syncStarter.start();
    }

    /** Ends the monitor's threads after a last pass. The arrays are to be stopped before, so that the last pass records them clean. */
    public void stop() {
        syncStarter.stop();
        requests.refuseMore();
        signal.raise();
        try {
            if (worker != null) {
                worker.join();
            }
        } catch (RuleBroken | IllegalStateException e) {
            LOG.log(System.Logger.Level.ERROR, "the monitor had broken down", e); // and was told when it did
        }
        subscriptions.forEach(Runnable::run);
    }

    /** While true no rebuild and no resync is begun: a reshape is about to, and may have a use for the spares. */
    public void holdSyncs(boolean hold) {
        syncStarter.hold(hold);
    }

    /** A volume whose parity must still be made sure of and can be now: nothing goes first, and all its members are there. */
    Optional<Integer> owedResync() {
        if (ReshapeManager.hasWork(container())) {
            return Optional.empty();
        }
        return watched().stream()
                .filter(WatchedArray::owesResync)
                .map(WatchedArray::volume)
                .findFirst();
    }

    /**
     * For a monitor that takes over from one that died: whether that one may have owed a volume a resync that is not recorded. What was
     * dirty before this array started cannot be told from what it wrote itself, so a dirty volume is taken for it while reshapes go
     * first; after that it is recorded.
     */
    public static boolean mayOweResync(Container container, Volume volume) {
        return volume.dirty() && ReshapeManager.hasWork(container);
    }

    /** Begins a check or a repair of a volume's parity or copies: why not, empty when it has begun. Waits for no end. */
    public Optional<String> scrub(int volume, boolean repair) throws AttributeException {
        return syncStarter.scrub(volume, repair);
    }

    /** Ends a check or a repair that runs. */
    public void endScrub(int volume) throws AttributeException {
        syncStarter.endScrub(volume);
    }

    /** What the members' metadata says, looked at strictly, between two changes. */
    public Inspection inspect() {
        return keeper.inspect();
    }

    /** Whether a rebuild or a resync is about to begin: a degraded volume has a spare that fits, or a resync is owed. */
    public boolean owesSync() {
        return syncStarter.hasWork();
    }

    /** Under way by the metadata, or owed, although the arrays may be quiet for the moment. */
    public boolean syncComes() {
        return owesSync()
                || container().volumes().stream().anyMatch(v -> switch (v.activity()) {
                    case Activity.Idle _ -> false;
                    case Activity.Reshape _ -> false;
                    case Activity.Resync _, Activity.Rebuild _ -> true;
                });
    }

    /** The container as last recorded. */
    public Container container() {
        return keeper.container();
    }

    public ContainerMetadata metadata() {
        return keeper.current();
    }

    /** Disks at hand, by serial. */
    public Map<String, MemberDisk> disks() {
        return keeper.disks();
    }

    /** What keeps the monitor from doing its work, if anything does. */
    public Optional<Problem> problem() {
        lock.lock();
        try {
            return Optional.ofNullable(problem);
        } finally {
            lock.unlock();
        }
    }

    /** The control of a watched array, null when there is none. */
    ArrayControl control(int volume) {
        lock.lock();
        try {
            WatchedArray array = arrays.get(volume);
            return array == null ? null : array.attributes().control();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Reply call(Request request) throws IOException {
        return requests.call(request, signal::raise);
    }

    private void run() {
        try {
            boolean last = false;
            while (!last) {
                signal.await(SAFETY_NET_NANOS);
                last = requests.isStopping();
                pass();
            }
        } catch (RuleBroken e) {
            tell(new Problem(
                    "the monitor stopped",
                    "container " + keeper.container().uuid(),
                    String.valueOf(e.getMessage()),
                    "This is a bug: nothing was overwritten. Stop the container and report it"));
            throw e;
        } finally {
            requests.close();
        }
    }

    /** A full pass: requests, then what the arrays say, with what the requests have changed. */
    private void pass() {
        boolean more = true;
        while (more) {
            more = requests.answerNext(this::answer);
        }
        actOnArrays();
        failUnwritable();
        syncStarter.lookAgain();
    }

    /** The arrays first: the answer, that of a ping too, means that what they showed when it was asked for is recorded. */
    private Reply answer(Request request) throws IOException {
        actOnArrays();
        return handler.handle(request);
    }

    private void actOnArrays() {
        Problem found = null;
        for (WatchedArray array : watched()) {
            try {
                array.act();
                found = array.problem().orElse(found);
            } catch (AttributeException | DiskException e) {
                found = new Problem(
                        "cannot record what volume " + array.recorded().name() + " needs",
                        "container " + keeper.container().uuid(),
                        e.getMessage(),
                        "It is tried again; until it succeeds writes that need it wait");
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "volume " + array.volume(), e);
                found = new Problem(
                        "cannot follow volume " + array.volume(),
                        "container " + keeper.container().uuid(),
                        String.valueOf(e),
                        "This is a bug: the other volumes go on, this one is tried again. Stop the container and report it");
            }
        }
        tell(found);
    }

    private List<WatchedArray> watched() {
        lock.lock();
        try {
            return List.copyOf(arrays.values());
        } finally {
            lock.unlock();
        }
    }

    /** A member whose metadata cannot be written is no member any more (R9). */
    private void failUnwritable() {
        for (String serial : keeper.takeFailed()) {
            for (WatchedArray array : watched()) {
                try {
                    if (array.attributes().control().members().contains(serial)) {
                        array.attributes().control().write(serial, MemberAttribute.STATE, "faulty");
                    }
                } catch (AttributeException e) {
                    LOG.log(System.Logger.Level.WARNING, "cannot fail member {0}: {1}", serial, e.getMessage());
                }
            }
            signal.raise();
        }
    }

    private void tell(Problem found) {
        lock.lock();
        try {
            if (found != null && !found.equals(problem)) {
                LOG.log(System.Logger.Level.WARNING, found.text());
            }
            problem = found;
        } finally {
            lock.unlock();
        }
    }
}
