package io.restripe.lab.bench;

import io.restripe.disk.Buffers;
import io.restripe.disk.FileDisk;
import io.restripe.os.SystemCallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * A user of a block device for {@link KernelReshapeBench}: writes of 4 KiB past the page cache to random places, one after the other, each
 * timed. Arguments: device, MiB of it, a file that ends it when it appears, and where the times go: pairs of 64-bit numbers, the kernel's
 * monotonic time at the beginning of a write and how long it took, in nanoseconds.
 */
public final class GuestWriter {
    private static final int BLOCK_SECTORS = 8;
    private static final int BLOCKS_PER_MIB = 256;
    private static final int MOST = 500_000;
    private static final long SEED = 4711;

    private GuestWriter() {}

    public static void main(String[] args) throws IOException, SystemCallException {
        Path enough = Path.of(args[2]);
        int blocks = Math.multiplyExact(Integer.parseInt(args[1]), BLOCKS_PER_MIB);
        long[] times = new long[2 * MOST];
        int count = 0;
        SplittableRandom chance = new SplittableRandom(SEED);
        try (Arena arena = Arena.ofConfined();
                FileDisk device = FileDisk.open(Path.of(args[0]), FileDisk.Access.BESIDE_OWNER)) {
            MemorySegment buffer = Buffers.allocate(arena, BLOCK_SECTORS);
            while (count < MOST && (count % 16 != 0 || !Files.exists(enough))) {
                buffer.set(ValueLayout.JAVA_LONG, 0, count);
                long began = System.nanoTime();
                device.write((long) chance.nextInt(blocks) * BLOCK_SECTORS, buffer);
                times[2 * count] = began;
                times[2 * count + 1] = System.nanoTime() - began;
                count++;
            }
        }
        if (count == MOST) {
            throw new IOException("more than " + MOST + " writes: those that follow would not be measured");
        }
        ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES * count);
        bytes.asLongBuffer().put(times, 0, 2 * count);
        Files.write(Path.of(args[3]), bytes.array());
    }
}
