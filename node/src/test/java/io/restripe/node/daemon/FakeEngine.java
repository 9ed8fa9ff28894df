package io.restripe.node.daemon;

import io.restripe.array.Holds;
import io.restripe.assembly.CopyAreaUse;
import io.restripe.check.ContainerCheck;
import io.restripe.check.Verdict;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.MemberStatus;
import io.restripe.node.rpc.ScrubResult;
import io.restripe.node.rpc.Shape;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Finding;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An engine that only remembers: for tests of the command and of the host process around it. */
public final class FakeEngine implements ArrayEngine {
    /** What was asked of any container of this process, in order. */
    public final List<String> asked = java.util.Collections.synchronizedList(new ArrayList<>());

    public static final long VOLUME_BYTES = 3L << 20;

    @Override
    public HostedContainer start(StartOptions options) throws ProblemException {
        if (options.members().stream().anyMatch(m -> m.endsWith("bad.img"))) {
            throw refusal("cannot start " + options.name(), "bad.img is bad");
        }
        asked.add("start, copy area " + options.copyArea());
        return new FakeContainer(options);
    }

    /** What it says when nobody has told a back end. */
    public BackendChoice suits = BackendChoice.plain(Backend.EMBEDDED);

    @Override
    public BackendChoice backendFor(StartOptions options, Optional<Backend> told) {
        return told.map(BackendChoice::plain).orElse(suits);
    }

    @Override
    public BackendChoice backendFor(String container, CreateRequest request, Optional<Backend> told) {
        return told.map(BackendChoice::plain).orElse(suits);
    }

    @Override
    public List<String> create(CreateRequest request) throws ProblemException {
        asked.add("create " + Json.line(request.toMap()));
        if (request.members().stream().anyMatch(m -> m.endsWith("small.img"))) {
            throw refusal("cannot create " + request.volume(), "small.img is too small");
        }
        return List.of();
    }

    @Override
    public List<Report> examine(List<String> members) {
        return members.stream().map(FakeEngine::report).toList();
    }

    @Override
    public Verdict check(List<String> members, Optional<String> volume, ContainerCheck.Watcher watcher) {
        return new Verdict(Optional.empty(), List.of(), List.of());
    }

    private static Report report(String member) {
        return member.endsWith("bad.img")
                ? new Report(
                        member,
                        List.of(),
                        Json.map("member", member, "error", Json.ofProblem(problem("cannot read " + member, "torn"))))
                : new Report(member, List.of(member + ": fine"), Json.map("member", member));
    }

    static Problem problem(String what, String why) {
        return new Problem(what, "here", why, "Do something else");
    }

    static ProblemException refusal(String what, String why) {
        return new ProblemException(problem(what, why));
    }

    /** One volume v0 in memory, whose sector {@link #BROKEN_SECTOR} cannot be written. */
    private final class FakeContainer implements HostedContainer {
        private final StartOptions options;
        private final Disk disk = new ArrayDisk(VOLUME_BYTES);
        private volatile int waitsLeft;

        FakeContainer(StartOptions options) {
            this.options = options;
        }

        @Override
        public String name() {
            return options.name();
        }

        @Override
        public ContainerStatus status() {
            VolumeStatus.Work work = waitsLeft == 0
                    ? VolumeStatus.Work.IDLE
                    : new VolumeStatus.Work("reshape", "backing up", 1000, 4000, 2048);
            Shape shape = new Shape("raid5", "left-asymmetric", 3, 64, VOLUME_BYTES);
            VolumeStatus v = new VolumeStatus(
                    "v0",
                    "u0",
                    shape,
                    waitsLeft == 0
                            ? Optional.empty()
                            : Optional.of(new Shape("raid5", "left-asymmetric", 4, 64, 2 * VOLUME_BYTES)),
                    "resync",
                    "clean",
                    0,
                    List.of("s0", "s1", "s2"),
                    work,
                    Optional.empty(),
                    Holds.NONE,
                    List.of(),
                    "");
            List<MemberStatus> members = options.members().stream()
                    .map(m -> new MemberStatus(m, "s" + options.members().indexOf(m), "member", 1L << 30))
                    .toList();
            return new ContainerStatus(
                    name(),
                    "imsm",
                    "u",
                    7,
                    ProcessHandle.current().pid(),
                    options.readOnly(),
                    options.backend().word(),
                    members,
                    List.of(v),
                    options.copyArea() == CopyAreaUse.ASK ? List.of() : List.of("copy area " + options.copyArea()));
        }

        @Override
        public Disk volume(String volume) throws ProblemException {
            if (!volume.equals("v0")) {
                throw refusal("there is no volume " + volume, "only v0 is");
            }
            return disk;
        }

        @Override
        public void createVolume(CreateRequest request) {
            asked.add("create-volume " + request.volume());
        }

        @Override
        public List<String> add(String member, NewFiles files, boolean force) {
            asked.add("add " + member);
            return List.of();
        }

        @Override
        public void fail(String volume, String member) throws ProblemException {
            throw refusal("cannot fail " + member, "the volume cannot lose it");
        }

        @Override
        public void remove(String member) {
            throw new IllegalStateException("planted bug");
        }

        @Override
        public PlanText plan(GrowArguments wanted) {
            return new PlanText(
                    List.of("v0 becomes raid5 of " + wanted.raidDisks().orElse(0)));
        }

        @Override
        public List<String> grow(GrowArguments wanted) {
            waitsLeft = 3;
            return List.of();
        }

        @Override
        public void resume() {
            asked.add("resume");
        }

        @Override
        public void pause() {
            asked.add("pause");
        }

        @Override
        public void changePolicy(PolicyRequest wanted) {
            asked.add("policy " + wanted.policy() + " " + wanted.volume() + " from " + wanted.from());
        }

        @Override
        public void maxHold(long nanos) {
            asked.add("max-hold " + nanos);
        }

        @Override
        public void speedLimit(long kibPerSecond) {
            asked.add("speed " + kibPerSecond);
        }

        @Override
        public List<Finding> checkMetadata() {
            return List.of();
        }

        @Override
        public Optional<String> scrub(String volume, boolean repair) {
            asked.add((repair ? "repair " : "check ") + volume);
            return Optional.empty();
        }

        @Override
        public void endScrub(String volume) {
            asked.add("end scrub " + volume);
        }

        @Override
        public ScrubResult scrubResult(String volume) {
            return new ScrubResult(volume, "check", true, 1000, 0);
        }

        @Override
        public boolean awaitIdle(long timeoutNanos) {
            waitsLeft = Math.max(0, waitsLeft - 1);
            return waitsLeft == 0;
        }

        @Override
        public boolean gone() {
            return false;
        }

        @Override
        public boolean stopping() {
            return false;
        }

        @Override
        public Optional<Problem> stop() {
            asked.add("stop");
            return Optional.empty();
        }
    }

    /** A sector in the last MiB that cannot be written. */
    public static final long BROKEN_SECTOR = Units.sectorsOfBytesExact(VOLUME_BYTES) - 8;

    /** Sectors in an array. */
    private static final class ArrayDisk implements Disk {
        private final byte[] bytes;

        ArrayDisk(long size) {
            bytes = new byte[Math.toIntExact(size)];
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public long sectors() {
            return Units.sectorsOfBytesExact(bytes.length);
        }

        @Override
        public synchronized void read(long sector, MemorySegment into) {
            MemorySegment.copy(MemorySegment.ofArray(bytes), Units.bytesOfSectors(sector), into, 0, into.byteSize());
        }

        @Override
        public synchronized void write(long sector, MemorySegment from) throws DiskException {
            long end = sector + Units.sectorsOfBytesExact(from.byteSize());
            if (sector <= BROKEN_SECTOR && BROKEN_SECTOR < end) {
                throw new DiskException("fake", DiskException.Operation.WRITE, sector, end - sector, "planted");
            }
            MemorySegment.copy(from, 0, MemorySegment.ofArray(bytes), Units.bytesOfSectors(sector), from.byteSize());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
