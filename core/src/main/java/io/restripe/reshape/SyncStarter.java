package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.unit.Units;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Predicate;

/**
 * The monitor's second thread, as mdmon has one: gives degraded arrays spares, and begins the resync that an unclean stop in a reshape
 * left owing, with the writes that may block on an array and so are not for the monitor thread. The metadata says so before the array
 * begins. During a reshape anywhere in the container, and between the volumes of one grow, nothing is begun.
 */
final class SyncStarter {
    private static final System.Logger LOG = System.getLogger("io.restripe.monitor");
    private static final long SAFETY_NET_NANOS = 5_000_000_000L;
    private static final long LONGEST_BUSY_NANOS = 5_000_000_000L;
    private static final long BUSY_LOOK_NANOS = 20_000_000L;

    private final Env env;
    private final Monitor monitor;
    private final Signal signal;
    private final Lock lock;
    private final Condition quiet;
    private Env.Worker worker;
    private boolean stopping;
    private boolean held;
    private boolean beginning;

    SyncStarter(Env env, Monitor monitor) {
        this.env = env;
        this.monitor = monitor;
        this.signal = new Signal(env);
        this.lock = env.newLock();
        this.quiet = lock.newCondition();
    }

    void start() {
        worker = env.start("monitor-syncs", this::run);
    }

    void stop() {
        lock.lock();
        try {
            stopping = true;
        } finally {
            lock.unlock();
        }
        signal.raise();
        if (worker != null) {
            worker.join();
        }
    }

    /** While true nothing is begun. Returns when what was being begun has been, or has been given up. */
    void hold(boolean hold) {
        lock.lock();
        try {
            held = hold;
            while (held && beginning) {
                quiet.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
        signal.raise();
    }

    /** What follows is a beginning, and what is found due in it is begun; false when held. Ends with {@link #begun}. */
    private boolean mayBegin() {
        lock.lock();
        try {
            while (beginning) {
                quiet.awaitUninterruptibly(); // a scrub, by its caller
            }
            beginning = !held;
            return beginning;
        } finally {
            lock.unlock();
        }
    }

    private void begun() {
        lock.lock();
        try {
            beginning = false;
            quiet.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean isHeld() {
        lock.lock();
        try {
            return held;
        } finally {
            lock.unlock();
        }
    }

    /** Something may have changed. */
    void lookAgain() {
        if (!isHeld() && !isBeginning() && hasWork()) {
            signal.raise();
        }
    }

    /** Whether there is something to begin, now or when the array is ready for it and nothing holds it up. */
    boolean hasWork() {
        // In this order: what is no longer due has at least begun to begin.
        return monitor.owedResync().isPresent()
                || vacancy(control -> true).isPresent()
                || leftFrozen().isPresent()
                || isBeginning();
    }

    private boolean isBeginning() {
        lock.lock();
        try {
            return beginning;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            signal.await(SAFETY_NET_NANOS);
            lock.lock();
            try {
                if (stopping) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            if (mayBegin()) {
                try {
                    leftFrozen().ifPresent(this::letGo);
                    vacancy(SyncStarter::isIdle).ifPresent(this::activate);
                    monitor.owedResync()
                            .filter(volume -> isIdle(monitor.control(volume)))
                            .ifPresent(this::resync);
                } finally {
                    begun();
                }
            }
        }
    }

    /** Parity counts as unknown for the array first, then in the metadata; only then may the array be told to go on. */
    private void resync(int volume) {
        ArrayControl control = monitor.control(volume);
        try {
            control.write(Attribute.SYNC_ACTION, "frozen");
            insist(() -> control.write(Attribute.RESYNC_START, "0"));
            Reply reply = monitor.call(new Request.BeginResync(volume));
            if (reply instanceof Reply.Refused refused) {
                throw new IOException(refused.rule() + ": " + refused.why());
            }
            let(control, "resync");
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot make sure of the parity of {0}: {1}", volume, e.getMessage());
            thaw(control);
        }
    }

    private static void let(ArrayControl control, String action) throws AttributeException {
        try {
            control.write(Attribute.SYNC_ACTION, action);
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY) { // EBUSY: a manager that ends has thawed the array, and it runs already
                throw e;
            }
        }
    }

    /**
     * A volume of which a rebuild or resync is recorded, and whose array is frozen: a monitor died before it let it begin. A manager
     * freezes only containers of which nothing is recorded.
     */
    private Optional<Volume> leftFrozen() {
        return monitor.container().volumes().stream()
                .filter(volume -> switch (volume.activity()) {
                    case Activity.Rebuild _, Activity.Resync _ -> isFrozen(monitor.control(volume.index()));
                    case Activity.Idle _, Activity.Reshape _ -> false;
                })
                .findFirst();
    }

    private static boolean isFrozen(ArrayControl control) {
        try {
            return control != null && new Attributes(control).syncAction().equals("frozen");
        } catch (AttributeException e) {
            return false; // the array is going away
        }
    }

    private void letGo(Volume volume) {
        if (volume.activity() instanceof Activity.Resync) {
            resync(volume.index());
            return;
        }
        try {
            let(monitor.control(volume.index()), "recover");
        } catch (AttributeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot go on to rebuild {0}: {1}", volume.name(), e.getMessage());
        }
    }

    /**
     * Begins a check or a repair of parity or copies, in the caller's thread: of what it takes nothing blocks on an array
     * (docs/md-control.md, section 1), and nothing else is begun meanwhile. Waits for no end.
     *
     * @return why not; empty when it has begun
     */
    Optional<String> scrub(int volume, boolean repair) throws AttributeException {
        if (!mayBegin()) {
            return Optional.of("a reshape is under way or about to begin");
        }
        try {
            Attributes attributes = new Attributes(monitor.control(volume));
            String action = attributes.syncAction();
            if (!action.equals("idle")) {
                return Optional.of("its array is busy: " + action);
            }
            Volume scrubbed = monitor.container().volumes().get(volume);
            long end = Units.ceilToUnit(
                    scrubbed.componentSectors(), scrubbed.geometry().chunkSectors());
            attributes.set(Attribute.SYNC_MIN, 0);
            attributes.set(Attribute.SYNC_MAX, end); // becomes max when the scrub has come to its end, and only then
            attributes.set(Attribute.SYNC_ACTION, repair ? "repair" : "check");
            return Optional.empty();
        } finally {
            begun();
        }
    }

    /** Ends a check or repair early, if one runs and nothing else is about to end it. Returns when it has ended. */
    void endScrub(int volume) throws AttributeException {
        if (mayBegin()) {
            try {
                Attributes attributes = new Attributes(monitor.control(volume));
                String action = attributes.syncAction();
                if (action.equals("check") || action.equals("repair")) {
                    attributes.set(Attribute.SYNC_ACTION, "idle");
                }
            } finally {
                begun();
            }
        }
    }

    private record Vacancy(int volume, int slot, MemberDisk disk) {}

    /** A slot that can be filled, of an array that is ready, if there is one. */
    private Optional<Vacancy> vacancy(Predicate<ArrayControl> ready) {
        Container container = monitor.container();
        if (ReshapeManager.hasWork(container)) {
            return Optional.empty();
        }
        for (Volume volume : container.volumes()) {
            ArrayControl control = monitor.control(volume.index());
            if (control == null
                    || !(volume.activity() instanceof Activity.Idle)
                    || volume.missingSlots() > volume.geometry().redundancy()
                    || !ready.test(control)) {
                continue;
            }
            for (int slot = 0; slot < volume.slots().size(); slot++) {
                if (!volume.slots().get(slot).inSync()) {
                    Optional<MemberDisk> disk = candidate(container, volume, control);
                    if (disk.isPresent()) {
                        return Optional.of(new Vacancy(volume.index(), slot, disk.get()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isIdle(ArrayControl control) {
        try {
            Attributes attributes = new Attributes(control);
            String state = attributes.arrayState();
            return attributes.syncAction().equals("idle")
                    && (state.equals("active") || state.equals("active-idle") || state.equals("clean"));
        } catch (AttributeException e) {
            return false; // the array is going away or not there yet; asked again at the next change
        }
    }

    /** A member of another volume of the container first (it has its table entry already), else a spare that is large enough. */
    private Optional<MemberDisk> candidate(Container container, Volume volume, ArrayControl control) {
        for (ContainerDisk disk : container.disks()) {
            boolean usable =
                    disk.status() == ContainerDisk.Status.MEMBER || disk.status() == ContainerDisk.Status.SPARE;
            boolean inUse = isIn(control, disk.serial())
                    || volume.slots().stream().anyMatch(s -> disk.index() >= 0 && s.disk() == disk.index());
            MemberDisk found = monitor.disks().get(disk.serial());
            if (usable && !inUse && found != null && isLargeEnough(volume, found)) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    private static boolean isIn(ArrayControl control, String serial) {
        try {
            return control.members().contains(serial);
        } catch (AttributeException e) {
            return true; // an array that has gone takes nobody
        }
    }

    private boolean isLargeEnough(Volume volume, MemberDisk disk) {
        return monitor.metadata().fits(volume.index(), disk);
    }

    private void activate(Vacancy vacancy) {
        ArrayControl control = monitor.control(vacancy.volume());
        Volume volume = monitor.container().volumes().get(vacancy.volume());
        String member = vacancy.disk().serial();
        try {
            control.write(Attribute.SYNC_ACTION, "frozen");
            control.addMember(member);
            MemberPlace.tell(control, member, volume);
            insist(() -> control.write(member, MemberAttribute.SLOT, Integer.toString(vacancy.slot())));
            MemberPlace.keepBadBlocks(control, member, volume, monitor.container(), List.of());
            Reply reply = monitor.call(new Request.BeginRebuild(vacancy.volume(), vacancy.slot(), member));
            if (reply instanceof Reply.Refused refused) {
                throw new IOException(refused.rule() + ": " + refused.why());
            }
            control.write(Attribute.SYNC_ACTION, "recover");
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot rebuild onto {0}: {1}", member, e.getMessage());
            undo(control, member);
        }
    }

    /** Takes the spare out again and lets the array go on; the next look tries anew. */
    private void undo(ArrayControl control, String member) {
        try {
            if (control.members().contains(member)) {
                insist(() -> control.write(member, MemberAttribute.STATE, "remove"));
            }
        } catch (AttributeException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        thaw(control);
    }

    private interface Write {
        void run() throws AttributeException;
    }

    /** An array that is busy with a write when it answers goes on with it, and tells how it ended when asked once more. */
    private void insist(Write write) throws AttributeException {
        long began = env.nanoTime();
        while (true) {
            try {
                write.run();
                return;
            } catch (AttributeException e) {
                if (e.errno() != Errno.EBUSY || env.nanoTime() - began > LONGEST_BUSY_NANOS) {
                    throw e;
                }
                env.sleepNanos(BUSY_LOOK_NANOS);
            }
        }
    }

    private void thaw(ArrayControl control) {
        try {
            insist(() -> control.write(Attribute.SYNC_ACTION, "idle"));
        } catch (AttributeException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        env.sleepNanos(1_000_000_000L); // not again at once
    }
}
