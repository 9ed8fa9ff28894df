package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.assembly.Assembly;
import io.restripe.disk.Disk;
import io.restripe.disk.FaultDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.RecordingDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.parity.Parity;
import io.restripe.reshape.GrowRequest;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** A container on memory disks with a model of what its volumes must hold; tests write to the first. One test's own; its writer is one thread. */
final class ContainerRig {
    static final long SEED = Long.getLong("restripe.seed", 8123);
    static final long DISK_SECTORS = 40960;
    static final long MEMBER_KIB = 4096;
    private static final long IDLE_NANOS = 60_000_000_000L;

    /** Told of every write and flush of any disk, after it was done. */
    interface Watcher {
        void written(int disk, long sector, byte[] contents);

        default void flushed(int disk) {}
    }

    /** One disk: what is on it, and the layers to hurt and watch it. */
    record Rigged(MemoryDisk memory, FaultDisk fault, MemberDisk member) {}

    final Env env = new SystemEnv();
    final ImsmFormat format = new ImsmFormat(env);
    final List<Rigged> disks = new ArrayList<>();
    byte[] model = new byte[0];
    /** What the volumes after the first hold. */
    private final List<byte[]> others = new ArrayList<>();

    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    private long firstMemberKib = MEMBER_KIB;
    private long otherMemberKib = 2048;
    private volatile Watcher watcher = (_, _, _) -> {};

    /** Size of the first volume on each member, instead of {@link #MEMBER_KIB}. */
    void sizeOfFirst(long memberKib) {
        firstMemberKib = memberKib;
    }

    /** Size of the volumes after the first, on each member. */
    void sizeOfOthers(long memberKib) {
        otherMemberKib = memberKib;
    }

    void watch(Watcher newWatcher) {
        watcher = newWatcher;
    }

    MemberDisk newDisk() {
        return rig(new MemoryDisk("disk" + disks.size(), DISK_SECTORS));
    }

    MemberDisk newDisk(int logicalSectorBytes) {
        return rig(new MemoryDisk("disk" + disks.size(), DISK_SECTORS, logicalSectorBytes));
    }

    private MemberDisk rig(MemoryDisk memory) {
        int index = disks.size();
        String serial = "SERIAL" + index;
        FaultDisk fault = new FaultDisk(memory);
        RecordingDisk recorded = new RecordingDisk(fault, new RecordingDisk.Listener() {
            @Override
            public void wrote(long sector, byte[] contents) {
                watcher.written(index, sector, contents);
            }

            @Override
            public void flushed() {
                watcher.flushed(index);
            }
        });
        MemberDisk member = new MemberDisk(memory.name(), serial, recorded);
        disks.add(new Rigged(memory, fault, member));
        return member;
    }

    List<MemberDisk> members() {
        return disks.stream().map(Rigged::member).toList();
    }

    /** The same container as it would be found if all power failed now (nothing is cached below a memory disk). */
    ContainerRig snapshot() {
        ContainerRig copy = new ContainerRig();
        for (Rigged disk : disks) {
            copy.rig(disk.memory().snapshot(disk.memory().name()));
        }
        copy.model = model.clone();
        copy.others.addAll(others); // never changed
        return copy;
    }

    RunningContainer create(Geometry... geometries) throws Exception {
        while (disks.size() < geometries[0].members()) {
            newDisk();
        }
        List<String> serials = members().stream().map(MemberDisk::serial).toList();
        RunningContainer.create(format, members(), new VolumeSpec("v0", geometries[0], firstMemberKib, serials, true));
        RunningContainer running = start();
        for (int i = 1; i < geometries.length; i++) {
            running.createVolume(new VolumeSpec("v" + i, geometries[i], otherMemberKib, serials, true));
        }
        for (int i = 1; i < geometries.length; i++) {
            others.add(fill(running.volume("v" + i)));
        }
        model = fill(running.volume("v0"));
        return running;
    }

    RunningContainer start() throws Exception {
        return RunningContainer.start(env, "c0", format, members(), RunningContainer.Options.normal());
    }

    RunningContainer start(RunningContainer.Options options, List<MemberDisk> some) throws Exception {
        return RunningContainer.start(env, "c0", format, some, options);
    }

    /** Whether a disk carries the container's metadata. */
    boolean joined(int disk) throws Exception {
        return format.taste(disks.get(disk).member()).isPresent();
    }

    private byte[] fill(Disk volume) throws Exception {
        byte[] contents = new byte[Units.bufferBytesOfSectors(volume.sectors())];
        random.nextBytes(contents);
        write(volume, 0, contents);
        volume.flush();
        return contents;
    }

    private static void write(Disk volume, long sector, byte[] contents) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(contents.length, 4096);
            MemorySegment.copy(contents, 0, buffer, ValueLayout.JAVA_BYTE, 0, contents.length);
            volume.write(sector, buffer);
        }
    }

    /** Leaves only so many sectors of the first volume's contents and zeros the rest. */
    void keepOnly(Disk volume, int sectors) throws Exception {
        Arrays.fill(model, sectors * Units.SECTOR_BYTES, model.length, (byte) 0);
        write(volume, 0, model.length);
        volume.flush();
    }

    void write(Disk volume, int offset, int length) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(length, 4096);
            MemorySegment.copy(model, offset, buffer, ValueLayout.JAVA_BYTE, 0, length);
            volume.write(Units.sectorsOfBytesExact(offset), buffer);
        }
    }

    void writeSomethingAtRandom(Disk volume) throws Exception {
        int length = Units.bufferBytesOfSectors(8L * (1 + random.nextInt(32)));
        long last = Units.sectorsOfBytesExact(model.length - length);
        int offset = Units.bufferBytesOfSectors(random.nextLong(last));
        byte[] fresh = new byte[length];
        random.nextBytes(fresh);
        System.arraycopy(fresh, 0, model, offset, length);
        write(volume, offset, length);
    }

    void verify(Disk volume) throws Exception {
        assertThat(firstDifference(volume))
                .as("first byte that differs, seed %d", SEED)
                .isEqualTo(-1);
    }

    long firstDifference(Disk volume) throws Exception {
        return firstDifference(volume, model);
    }

    private static long firstDifference(Disk volume, byte[] contents) throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(contents.length, 4096);
            volume.read(0, buffer);
            return buffer.mismatch(MemorySegment.ofArray(contents));
        }
    }

    /** All volumes of a running container. */
    void verifyAll(RunningContainer running) throws Exception {
        verify(running.volume("v0"));
        for (int i = 0; i < others.size(); i++) {
            assertThat(firstDifference(running.volume("v" + (i + 1)), others.get(i)))
                    .as("first byte of v%d that differs, seed %d", i + 1, SEED)
                    .isEqualTo(-1);
        }
    }

    /** Assembles, waits for the end of whatever goes on, verifies contents and parity, stops. */
    void finishAndVerify() throws Exception {
        RunningContainer running = start();
        verifyAll(running);
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.status().problem()).isEmpty();
        verifyAll(running);
        Geometry geometry = running.container().volumes().getFirst().geometry();
        running.stop();
        if (geometry.parityMembers() == 1) {
            assertThat(rowsWithWrongParity(geometry)).isZero();
        }
    }

    /** Rows of the first volume (at sector 0 of every disk, slots in disk order) whose chunks do not add up to zero. */
    long rowsWithWrongParity(Geometry geometry) throws Exception {
        long wrong = 0;
        long chunkBytes = Units.bytesOfSectors(geometry.chunkSectors());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] chunks = new MemorySegment[geometry.members()];
            for (int i = 0; i < chunks.length; i++) {
                chunks[i] = arena.allocate(chunkBytes, 64);
            }
            MemorySegment sum = arena.allocate(chunkBytes, 64);
            for (long row = 0; row < MEMBER_KIB * 2 / geometry.chunkSectors(); row++) {
                for (int i = 0; i < chunks.length; i++) {
                    disks.get(i).memory().read(row * geometry.chunkSectors(), chunks[i]);
                }
                Parity.xor(sum, chunks);
                wrong += Parity.isZero(sum) ? 0 : 1;
            }
        }
        return wrong;
    }

    /** The container as the power would leave it in the middle of this reshape, dirty in its first row, with new rows that count; it is finished on return. */
    ContainerRig inMidReshape(RunningContainer running, GrowRequest request) throws Exception {
        running.control("v0").write(Attribute.SAFE_MODE_DELAY, "0"); // stays dirty
        model[0]++;
        write(running.volume("v0"), 0, 4096);
        AtomicReference<ContainerRig> picture = new AtomicReference<>();
        watch((disk, sector, contents) -> {
            if (picture.get() == null && sector >= DISK_SECTORS - 8) {
                ContainerRig now = snapshot();
                picture.compareAndSet(null, now.hasMoved() ? now : null);
            }
        });
        running.grow(request);
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        watch((disk, sector, contents) -> {});
        assertThat(picture.get()).as("the moment came").isNotNull();
        return picture.get();
    }

    private boolean hasMoved() {
        try {
            Volume volume = recorded();
            return volume.dirty()
                    && volume.activity() instanceof Activity.Reshape reshape
                    && reshape.progress().unit() > 0;
        } catch (ProblemException e) {
            return false; // a disk that joins has nothing on it yet
        }
    }

    /** What the members say of the first volume. */
    Volume recorded() throws ProblemException {
        return Assembly.look(format, members()).container().volumes().getFirst();
    }

    /** Stops it when nothing is under way any more. */
    static void stopIdle(RunningContainer running) throws Exception {
        assertThat(running.awaitIdle(IDLE_NANOS)).isTrue();
        running.stop();
    }

    static GrowRequest toDisks(int count, MemberDisk... add) {
        return new GrowRequest(null, OptionalInt.of(count), OptionalInt.empty(), OptionalInt.empty(), List.of(add));
    }

    static GrowRequest toChunk(int sectors) {
        return new GrowRequest("v0", OptionalInt.empty(), OptionalInt.of(sectors), OptionalInt.empty(), List.of());
    }

    static GrowRequest toRaid5(MemberDisk add) {
        return new GrowRequest("v0", OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(5), List.of(add));
    }
}
