package io.restripe.lab.kill;

import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a volume must hold: for each block the version that was acknowledged by a flush and the version that was sent last. It is a
 * mapped file, so it outlives the process that keeps it, and "sent" is in it before the write begins.
 *
 * <pre> file: block 0 durable, block 0 sent, block 1 durable, ... (4 bytes each)
 *  sector: block, version, then bytes that follow from both and the seed </pre>
 *
 * <p>A block belongs to one thread at a time.
 */
final class Ledger implements AutoCloseable {
    static final int BLOCK_BYTES = 4096;
    static final int BLOCK_SECTORS = BLOCK_BYTES / Units.SECTOR_BYTES;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment table;
    private final long seed;
    private final int blocks;

    Ledger(Path file, long seed, int blocks) throws IOException {
        this.seed = seed;
        this.blocks = blocks;
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            table = channel.map(FileChannel.MapMode.READ_WRITE, 0, 2L * Integer.BYTES * blocks, arena);
        }
    }

    int blocks() {
        return blocks;
    }

    private int durable(int block) {
        return (int) INT.getAcquire(table, 2L * Integer.BYTES * block);
    }

    private int sent(int block) {
        return (int) INT.getAcquire(table, 2L * Integer.BYTES * block + Integer.BYTES);
    }

    /** Fills so many blocks with their next versions, which thereby count as sent. */
    void next(int first, int count, MemorySegment into) {
        for (int b = 0; b < count; b++) {
            int version = sent(first + b) + 1;
            INT.setRelease(table, 2L * Integer.BYTES * (first + b) + Integer.BYTES, version);
            for (int sector = 0; sector < BLOCK_SECTORS; sector++) {
                fill(first + b, version, sector, into.asSlice((long) b * BLOCK_BYTES + offset(sector)));
            }
        }
    }

    /** What was sent last to these blocks is flushed. */
    void acknowledge(int first, int count) {
        for (int block = first; block < first + count; block++) {
            INT.setRelease(table, 2L * Integer.BYTES * block, sent(block));
        }
    }

    private static long offset(int sector) {
        return (long) sector * Units.SECTOR_BYTES;
    }

    private void fill(int block, int version, int sector, MemorySegment into) {
        into.set(ValueLayout.JAVA_INT, 0, block);
        into.set(ValueLayout.JAVA_INT, Integer.BYTES, version);
        for (int at = Long.BYTES; at < Units.SECTOR_BYTES; at += Long.BYTES) {
            into.set(ValueLayout.JAVA_LONG, at, word(block, version, sector, at));
        }
    }

    private long word(int block, int version, int sector, int at) {
        long x = seed + block * MIX ^ (version * 31L + sector) * MIX + at;
        x = (x ^ x >>> 29) * MIX;
        return x ^ x >>> 32;
    }

    /**
     * Compares blocks that were read. The lowest version seen in a block counts as durable from then on: what was read once must stay.
     *
     * @return null when all is right
     */
    String check(int first, int count, MemorySegment found) {
        for (int b = 0; b < count; b++) {
            int block = first + b;
            int lowest = Integer.MAX_VALUE;
            for (int sector = 0; sector < BLOCK_SECTORS; sector++) {
                MemorySegment at = found.asSlice((long) b * BLOCK_BYTES + offset(sector), Units.SECTOR_BYTES);
                int version = at.get(ValueLayout.JAVA_INT, Integer.BYTES);
                if (version < durable(block) || version > sent(block)) {
                    return "block " + block + " sector " + sector + " has version " + version + ", expected "
                            + durable(block) + " to " + sent(block);
                }
                if (!isFilled(block, version, sector, at)) {
                    return "block " + block + " sector " + sector + " is not what its version " + version + " was";
                }
                lowest = Math.min(lowest, version);
            }
            INT.setRelease(table, 2L * Integer.BYTES * block, lowest);
        }
        return null;
    }

    private boolean isFilled(int block, int version, int sector, MemorySegment found) {
        boolean never = version == 0; // zeros, as the disks were made
        boolean same = found.get(ValueLayout.JAVA_INT, 0) == (never ? 0 : block);
        for (int at = Long.BYTES; same && at < Units.SECTOR_BYTES; at += Long.BYTES) {
            same = found.get(ValueLayout.JAVA_LONG, at) == (never ? 0 : word(block, version, sector, at));
        }
        return same;
    }

    @Override
    public void close() {
        arena.close();
    }
}
