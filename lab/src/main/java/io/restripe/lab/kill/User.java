package io.restripe.lab.kill;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * A user of one volume, which verifies what it reads: first everything that is its own, then writes in batches that end with a flush,
 * and reads, at random places. Users of one volume have stretches of their own. One thread.
 */
final class User {
    /** Thrown at the first wrong byte. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1;

        Wrong(String what) {
            super(what);
        }
    }

    private static final int STRETCH = 64;
    private static final int MOST_BLOCKS = 32;
    private static final int MOST_REQUESTS = 5;

    private final Ledger ledger;
    private final Target target;
    private final int number;
    private final int users;
    private long written;
    private long verified;

    /** @param number of so many users of this volume */
    User(Ledger ledger, Target target, int number, int users) {
        this.ledger = ledger;
        this.target = target;
        this.number = number;
        this.users = users;
    }

    long writtenBlocks() {
        return written;
    }

    long verifiedBlocks() {
        return verified;
    }

    private record Request(int first, int count) {}

    /** Until told to end. */
    void work(SplittableRandom random, BooleanSupplier ending) throws IOException, Wrong {
        verifyAll();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate((long) MOST_BLOCKS * Ledger.BLOCK_BYTES, Ledger.BLOCK_BYTES);
            while (!ending.getAsBoolean()) {
                if (random.nextInt(3) == 0) {
                    read(place(random), buffer);
                } else {
                    writeBatch(random, buffer);
                }
            }
        }
    }

    /** Compares everything that is this user's. */
    void verifyAll() throws IOException, Wrong {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate((long) MOST_BLOCKS * Ledger.BLOCK_BYTES, Ledger.BLOCK_BYTES);
            for (int stretch = number; stretch * STRETCH < ledger.blocks(); stretch += users) {
                int end = Math.min(ledger.blocks(), (stretch + 1) * STRETCH);
                for (int first = stretch * STRETCH; first < end; first += MOST_BLOCKS) {
                    read(new Request(first, Math.min(MOST_BLOCKS, end - first)), buffer);
                }
            }
        }
    }

    private Request place(SplittableRandom random) {
        int stretches = (ledger.blocks() / STRETCH - number + users - 1) / users;
        int stretch = random.nextInt(stretches) * users + number;
        int inside = random.nextInt(STRETCH);
        return new Request(stretch * STRETCH + inside, 1 + random.nextInt(Math.min(MOST_BLOCKS, STRETCH - inside)));
    }

    private static MemorySegment part(Request request, MemorySegment buffer) {
        return buffer.asSlice(0, (long) request.count * Ledger.BLOCK_BYTES);
    }

    private void read(Request request, MemorySegment buffer) throws IOException, Wrong {
        MemorySegment found = part(request, buffer);
        target.read(request.first, found);
        String wrong = ledger.check(request.first, request.count, found);
        if (wrong != null) {
            throw new Wrong(wrong);
        }
        verified += request.count;
    }

    private void writeBatch(SplittableRandom random, MemorySegment buffer) throws IOException {
        List<Request> batch = new ArrayList<>();
        for (int i = 1 + random.nextInt(MOST_REQUESTS); i > 0; i--) {
            Request request = place(random);
            MemorySegment bytes = part(request, buffer);
            ledger.next(request.first, request.count, bytes);
            target.write(request.first, bytes);
            written += request.count;
            batch.add(request);
        }
        target.flush();
        batch.forEach(request -> ledger.acknowledge(request.first, request.count));
    }
}
