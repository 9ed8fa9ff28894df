package io.restripe.lab.guest;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * What a user writes into a volume: first every block, then one block after the other in an order that the seed alone decides, each
 * waited for. So from the number of writes that have returned it follows what every block must hold, but for the one that was under
 * way, which may hold either. A block says which write it is of, in every word.
 */
final class Load {
    static final int BLOCK_SECTORS = 8;
    private static final int BLOCK_BYTES = 4096;
    private static final int BATCH_BLOCKS = 64;

    private final long seed;
    private final int blocks;

    Load(long seed, int blocks) {
        this.seed = seed;
        this.blocks = blocks;
    }

    /** Block of the n-th write, n from 1. */
    private int block(long write) {
        long mixed = (seed + write) * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        return (int) Long.remainderUnsigned(mixed ^ (mixed >>> 27), blocks);
    }

    private static long word(int block, long write, int index) {
        return ((long) block << 40) ^ (write << 10) ^ index;
    }

    private static void fill(MemorySegment into, int block, long write) {
        for (int i = 0; i < BLOCK_BYTES / Long.BYTES; i++) {
            into.setAtIndex(ValueLayout.JAVA_LONG, i, word(block, write, i));
        }
    }

    /** Every block, as write 0; flushed. */
    void fill(Disk volume) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment batch = Buffers.allocate(arena, (long) BATCH_BLOCKS * BLOCK_SECTORS);
            for (int first = 0; first < blocks; first += BATCH_BLOCKS) {
                int count = Math.min(BATCH_BLOCKS, blocks - first);
                for (int i = 0; i < count; i++) {
                    fill(batch.asSlice((long) i * BLOCK_BYTES, BLOCK_BYTES), first + i, 0);
                }
                volume.write((long) first * BLOCK_SECTORS, batch.asSlice(0, (long) count * BLOCK_BYTES));
            }
        }
        volume.flush();
    }

    /** The n-th write, flushed. */
    void write(Disk volume, long write) throws DiskException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = Buffers.allocate(arena, BLOCK_SECTORS);
            fill(buffer, block(write), write);
            volume.write((long) block(write) * BLOCK_SECTORS, buffer);
        }
        volume.flush();
    }

    /**
     * What is not as it must be; empty when all is right.
     *
     * @param returned number of writes that have returned
     */
    String wrong(Disk volume, long returned) throws DiskException {
        long[] last = new long[blocks];
        for (long write = 1; write <= returned; write++) {
            last[block(write)] = write;
        }
        int underWay = block(returned + 1);
        StringBuilder wrong = new StringBuilder();
        int count = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment batch = Buffers.allocate(arena, (long) BATCH_BLOCKS * BLOCK_SECTORS);
            MemorySegment wanted = Buffers.allocate(arena, BLOCK_SECTORS);
            for (int first = 0; first < blocks; first += BATCH_BLOCKS) {
                int some = Math.min(BATCH_BLOCKS, blocks - first);
                volume.read((long) first * BLOCK_SECTORS, batch.asSlice(0, (long) some * BLOCK_BYTES));
                for (int i = 0; i < some; i++) {
                    int block = first + i;
                    MemorySegment found = batch.asSlice((long) i * BLOCK_BYTES, BLOCK_BYTES);
                    fill(wanted, block, last[block]);
                    boolean right =
                            found.mismatch(wanted) < 0 || block == underWay && isMixture(found, wanted, returned + 1);
                    if (!right && count++ < 8) {
                        wrong.append("block %d should be of write %d, begins with %x; "
                                .formatted(block, last[block], found.get(ValueLayout.JAVA_LONG, 0)));
                    }
                }
            }
        }
        return count == 0 ? "" : count + " blocks of " + blocks + " are wrong after " + returned + " writes: " + wrong;
    }

    /** Sectors of the one or of the other write. */
    private static boolean isMixture(MemorySegment found, MemorySegment old, long write) {
        int block = (int) (old.get(ValueLayout.JAVA_LONG, 0) >>> 40);
        long[] words = found.toArray(ValueLayout.JAVA_LONG);
        long[] before = old.toArray(ValueLayout.JAVA_LONG);
        int perSector = words.length / BLOCK_SECTORS;
        for (int sector = 0; sector < BLOCK_SECTORS; sector++) {
            int from = sector * perSector;
            boolean isOld = Arrays.equals(words, from, from + perSector, before, from, from + perSector);
            for (int i = from; !isOld && i < from + perSector; i++) {
                if (words[i] != word(block, write, i)) {
                    return false;
                }
            }
        }
        return true;
    }
}
