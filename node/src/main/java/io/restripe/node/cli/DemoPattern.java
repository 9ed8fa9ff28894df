package io.restripe.node.cli;

import io.restripe.unit.Units;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Contents that prove themselves: every sector of the volume holds its own number, the version of its last write, and bytes that
 * follow from both. Remembers for each sector the newest version that the array has acknowledged as durable and the newest that was
 * sent; what is read must be one of those from the one to the other, to the last byte.
 *
 * <p>Each sector belongs to one writer at a time; readers of a sector are its writer, or run when there is none.
 */
final class DemoPattern {
    private static final long MIX_A = 0x9E3779B97F4A7C15L;
    private static final long MIX_B = 0xBF58476D1CE4E5B9L;
    private static final int WORDS = Units.SECTOR_BYTES / Long.BYTES;

    private final long seed;
    private final AtomicIntegerArray durable;
    private final AtomicIntegerArray sent;

    DemoPattern(long seed, int sectors) {
        this.seed = seed;
        this.durable = new AtomicIntegerArray(sectors);
        this.sent = new AtomicIntegerArray(sectors);
    }

    int sectors() {
        return sent.length();
    }

    /** Fills a buffer with the next version of so many sectors, which thereby counts as sent. */
    ByteBuffer next(int first, int count, ByteBuffer into) {
        into.clear();
        for (int sector = first; sector < first + count; sector++) {
            put(sector, sent.incrementAndGet(sector), into);
        }
        return into.flip();
    }

    /** The versions last sent are acknowledged. */
    void acknowledge(int first, int count) {
        for (int sector = first; sector < first + count; sector++) {
            durable.set(sector, sent.get(sector));
        }
    }

    private void put(int sector, int version, ByteBuffer into) {
        into.putInt(sector).putInt(version);
        long state = start(sector, version);
        for (int word = 1; word < WORDS; word++) {
            state = step(state);
            into.putLong(state);
        }
    }

    private long start(int sector, int version) {
        return (seed ^ sector * MIX_A) + (version + 1) * MIX_B | 1;
    }

    private static long step(long state) {
        long x = state ^ state << 13;
        x ^= x >>> 7;
        return x ^ x << 17;
    }

    /**
     * Checks the sectors that remain in a buffer. A version that was sent and not acknowledged may be there after a power cut; it counts
     * as durable from then on, for what was read once must stay.
     *
     * @return null when all is right, else what is wrong with the first sector that is not
     */
    String check(int first, ByteBuffer found) {
        for (int sector = first; found.hasRemaining(); sector++) {
            int start = found.position();
            int number = found.getInt();
            int version = found.getInt();
            if (version < durable.get(sector) || version > sent.get(sector)) {
                return "sector " + sector + " has version " + version + " (of sector " + number + "), expected "
                        + durable.get(sector) + " to " + sent.get(sector);
            }
            if (version > 0 && (number != sector || !bodyMatches(sector, version, found))) {
                return "sector " + sector + " is not what its version " + version + " was";
            }
            found.position(start + Units.SECTOR_BYTES);
            durable.set(sector, version);
        }
        return null;
    }

    private boolean bodyMatches(int sector, int version, ByteBuffer found) {
        long state = start(sector, version);
        for (int word = 1; word < WORDS; word++) {
            state = step(state);
            if (found.getLong() != state) {
                return false;
            }
        }
        return true;
    }
}
