package io.restripe.node.daemon;

import io.restripe.array.kernel.KernelContainer;
import io.restripe.assembly.MemberOpener;
import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.host.ContainerScrub;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.MemberStatus;
import io.restripe.node.rpc.ScrubResult;
import io.restripe.rule.Finding;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/**
 * A {@link RunningContainer} with the disks that were opened for it. Changes take turns; looks do not wait for them. Owns the disks:
 * they are closed when they leave or when the container is stopped.
 */
final class CoreContainer implements HostedContainer {
    private static final long REBUILD_BEGINS_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Env env;
    private final RunningContainer running;
    private final StartOptions options;
    private final Members members;
    private final VolumeDisks volumes;
    private final Lock turn;
    private volatile boolean stopping;
    /** Serial to disk. */
    private final Map<String, MemberDisk> open = new ConcurrentHashMap<>();
    /** Where the kernel has the disks too. */
    private final Optional<Arrivals> arrivals;

    CoreContainer(
            Env env,
            RunningContainer running,
            StartOptions options,
            Members members,
            List<MemberDisk> disks,
            Optional<KernelContainer> kernel) {
        this.env = env;
        this.running = running;
        this.options = options;
        this.members = members;
        this.volumes = new VolumeDisks(env, options.backend() == Backend.KERNEL);
        this.turn = env.newLock();
        disks.forEach(disk -> open.put(disk.serial(), disk));
        this.arrivals =
                kernel.map(container -> new Arrivals(env, container, members, new Door(), turn, () -> stopping));
    }

    /** What comes in without a request. */
    private final class Door implements Arrivals.Home {
        @Override
        public String name() {
            return options.name();
        }

        @Override
        public Container container() {
            return running.container();
        }

        @Override
        public Collection<MemberDisk> disks() {
            return running.disks().values();
        }

        @Override
        public void add(String member) throws ProblemException {
            bringIn(List.of(member), NewFiles.NONE, false, disks -> running.add(disks.getFirst()));
        }

        @Override
        public void remove(String serial) throws ProblemException {
            CoreContainer.this.remove(serial);
        }
    }

    @Override
    public void lookAround() {
        arrivals.ifPresent(Arrivals::lookQuietly);
    }

    @Override
    public String name() {
        return options.name();
    }

    @Override
    public ContainerStatus status() {
        ContainerStatus status = StatusMapping.of(running, options);
        for (String note : arrivals.map(Arrivals::notes).orElse(List.of())) {
            status = status.withNote(note);
        }
        return status;
    }

    @Override
    public Disk volume(String volume) throws ProblemException {
        return volumes.of(volume, running.volume(volume));
    }

    /** Something that changes the container. */
    private interface Change {
        void run() throws ProblemException;
    }

    private void change(Change change) throws ProblemException {
        turn.lock();
        try {
            change.run();
        } finally {
            turn.unlock();
        }
    }

    @Override
    public void createVolume(CreateRequest request) throws ProblemException {
        change(() -> running.createVolume(request.spec(slots(request))));
    }

    /** Serials of the wanted members; without any the container's disks in their order. */
    private List<String> slots(CreateRequest request) throws ProblemException {
        List<String> serials = new ArrayList<>();
        for (String member : request.members()) {
            serials.add(serial(member));
        }
        if (serials.isEmpty()) {
            status().members().stream()
                    .filter(m -> m.status().equals("member") || m.status().equals("spare"))
                    .forEach(m -> serials.add(m.serial()));
        }
        if (serials.size() < request.raidDevices()) {
            throw new ProblemException(new Problem(
                    "cannot create " + name() + "/" + request.volume(),
                    "container " + name(),
                    request.raidDevices() + " members are needed, it has " + serials.size(),
                    "Add a disk first: restripe add " + name() + " MEMBER"));
        }
        return List.copyOf(serials.subList(0, request.raidDevices()));
    }

    @Override
    public List<String> add(String member, NewFiles files, boolean force) throws ProblemException {
        return bringIn(List.of(member), files, force, disks -> {
            running.add(disks.getFirst());
            awaitRebuild();
        });
    }

    /** Something that may take disks into the container. */
    private interface Joining {
        void run(List<MemberDisk> disks) throws ProblemException;
    }

    /** Opens disks for a change; those that have joined when it ends, done or refused, are the container's. */
    private List<String> bringIn(List<String> names, NewFiles files, boolean force, Joining joining)
            throws ProblemException {
        turn.lock();
        try (Newcomers newcomers = members.openForAdding(names, files, force, running.container(), open.values())) {
            List<MemberDisk> disks = newcomers.disks();
            try {
                joining.run(disks);
            } finally {
                for (MemberDisk disk : disks) {
                    if (running.disks().get(disk.serial()) == disk) {
                        open.put(disk.serial(), disk);
                        newcomers.keep(disk);
                    }
                }
            }
            return SparseFiles.notes(disks);
        } finally {
            turn.unlock();
        }
    }

    @Override
    public void fail(String volume, String member) throws ProblemException {
        running.volume(volume); // refuses a volume that is not there
        change(() -> {
            running.fail(serial(member));
            awaitRebuild();
        });
    }

    /**
     * A degraded volume and a spare together mean a rebuild, which the monitor begins a moment later; waiting for that moment makes
     * a {@code wait} right behind this request wait for the rebuild. When none begins (a spare that is too small) nothing is lost but
     * the time.
     */
    private void awaitRebuild() {
        long deadline = env.nanoTime() + REBUILD_BEGINS_NANOS;
        while (env.nanoTime() - deadline < 0) {
            ContainerStatus status = status();
            boolean degraded = status.volumes().stream()
                    .anyMatch(v -> v.degraded() > 0 && v.work().idle());
            boolean spare = status.members().stream().anyMatch(m -> m.status().equals("spare"));
            if (!degraded || !spare) {
                return;
            }
            env.sleepNanos(LOOK_NANOS);
        }
    }

    @Override
    public void remove(String member) throws ProblemException {
        change(() -> {
            MemberDisk leaving = running.remove(serial(member));
            open.remove(leaving.serial());
            leaving.disk().close();
        });
    }

    /**
     * The serial of a disk of this container that is named by path or by serial. The disks at hand come first: the metadata may have
     * given a failed one another name.
     */
    private String serial(String member) throws ProblemException {
        for (MemberDisk disk : open.values()) {
            if (disk.serial().equals(member) || same(disk.name(), member)) {
                return disk.serial();
            }
        }
        List<MemberStatus> disks = status().members();
        for (MemberStatus disk : disks) {
            if (disk.serial().equals(member) || same(disk.path(), member)) {
                return disk.serial();
            }
        }
        throw new ProblemException(new Problem(
                "cannot find the disk " + member,
                "container " + name(),
                "its disks are: "
                        + String.join(
                                ", ",
                                disks.stream()
                                        .map(d -> d.serial() + (d.path().isEmpty() ? "" : " (" + d.path() + ")"))
                                        .toList()),
                "Name one of them by path or serial"));
    }

    private static boolean same(String known, String asked) {
        if (known.equals(asked) || known.isEmpty()) {
            return !known.isEmpty();
        }
        if (MemberOpener.isRemote(known) || MemberOpener.isRemote(asked)) {
            return MemberOpener.sameRemote(known, asked);
        }
        try {
            Path path = Path.of(asked);
            return Files.exists(path) && Files.exists(Path.of(known)) && Files.isSameFile(Path.of(known), path);
        } catch (IOException | java.nio.file.InvalidPathException e) {
            return false; // not to be compared: it is another one
        }
    }

    @Override
    public PlanText plan(GrowArguments wanted) throws ProblemException {
        try (Newcomers added = members.openForPlanning(wanted.add(), wanted.files(), running.container())) {
            return PlanLines.of(name(), running.plan(wanted.request(added.disks())));
        } catch (ProblemException e) {
            throw DiskNames.withPaths(e, open.values());
        }
    }

    @Override
    public void changePolicy(PolicyRequest wanted) throws ProblemException {
        change(() -> wanted.carryOut(running));
    }

    @Override
    public List<String> grow(GrowArguments wanted) throws ProblemException {
        try {
            return bringIn(wanted.add(), wanted.files(), false, disks -> running.grow(wanted.request(disks)));
        } catch (ProblemException e) {
            throw DiskNames.withPaths(e, open.values());
        }
    }

    @Override
    public void resume() throws ProblemException {
        change(running::resume);
    }

    @Override
    public void pause() throws ProblemException {
        change(running::pause);
    }

    @Override
    public void speedLimit(long kibPerSecond) throws ProblemException {
        change(() -> running.speedLimit(kibPerSecond));
    }

    @Override
    public void maxHold(long nanos) throws ProblemException {
        change(() -> running.maxHold(nanos));
    }

    @Override
    public List<Finding> checkMetadata() throws ProblemException {
        return running.scrub().metadata();
    }

    @Override
    public Optional<String> scrub(String volume, boolean repair) throws ProblemException {
        return running.scrub().begin(recorded(volume), repair);
    }

    @Override
    public void endScrub(String volume) throws ProblemException {
        running.scrub().end(recorded(volume));
    }

    @Override
    public ScrubResult scrubResult(String volume) throws ProblemException {
        ContainerScrub.Result result = running.scrub().result(recorded(volume));
        return new ScrubResult(
                volume, result.action(), result.complete(), result.reachedSectors(), result.differingSectors());
    }

    private Volume recorded(String volume) throws ProblemException {
        running.volume(volume); // refuses a volume that is not there
        return running.container().volume(volume).orElseThrow();
    }

    @Override
    public boolean awaitIdle(long timeoutNanos) {
        return running.awaitIdle(timeoutNanos);
    }

    @Override
    public boolean gone() {
        return running.gone();
    }

    @Override
    public boolean stopping() {
        return stopping;
    }

    @Override
    public Optional<Problem> stop() throws ProblemException {
        turn.lock();
        try {
            stopping = true;
            Optional<Problem> unrecorded = stopRunning();
            volumes.close();
            open.values().forEach(disk -> disk.disk().close());
            open.clear();
            return unrecorded;
        } finally {
            turn.unlock();
        }
    }

    private Optional<Problem> stopRunning() throws ProblemException {
        try {
            running.stop();
            return Optional.empty();
        } catch (ProblemException e) {
            if (running.stopped()) {
                return Optional.of(e.problem());
            }
            stopping = false;
            throw e;
        }
    }
}
