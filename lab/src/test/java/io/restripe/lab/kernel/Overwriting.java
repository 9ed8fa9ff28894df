package io.restripe.lab.kernel;

import io.restripe.disk.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A user that writes one run of blocks after the other into a volume, all over it, and waits for each: so after a power failure a first
 * part of the runs must be there, one may be there in part, and everything else must be as before. Runs are neither as long as chunks
 * nor aligned to them.
 *
 * @param before what is overwritten
 * @param after contents when all is written
 * @param order first block of each run, as they are written
 */
record Overwriting(Contents before, Contents after, List<Integer> order) {
    static final int RUN = 7;
    private static final int NEW_BLOCKS = 1 << 21;
    private static final int STRIDE = 37;

    /** @param file where to put the contents afterwards */
    static Overwriting of(Path file, Contents before) throws IOException {
        int blocks = Math.toIntExact(before.bytes() / Contents.BLOCK);
        List<Integer> order = new ArrayList<>();
        int runs = blocks / (2 * RUN);
        for (int i = 0; i < runs; i++) {
            order.add((int) ((long) i * STRIDE % runs) * 2 * RUN + RUN);
        }
        if (order.stream().distinct().count() != runs) {
            throw new IllegalArgumentException(runs + " runs are a multiple of " + STRIDE);
        }
        Set<Integer> first = Set.copyOf(order);
        Contents after = Contents.of(
                file,
                before.bytes(),
                block -> first.contains(Math.toIntExact(block / RUN * RUN)) ? NEW_BLOCKS + block : block);
        return new Overwriting(before, after, List.copyOf(order));
    }

    /** Writes all of it, and flushes. */
    void onto(Disk volume) throws IOException {
        byte[] all = Files.readAllBytes(after.file());
        for (int first : order) {
            int at = first * Contents.BLOCK;
            OurSide.write(volume, at, Arrays.copyOfRange(all, at, at + RUN * Contents.BLOCK));
        }
        volume.flush();
    }

    /** The same as a script for a guest that has {@link #after} as {@code $BOX/over}, one after the other until all is written. */
    String script() {
        StringBuilder script = new StringBuilder("for at in");
        order.forEach(first -> script.append(' ').append(first));
        return script
                + "; do dd if=$BOX/over of=/dev/$V bs=4k skip=$at seek=$at count=" + RUN
                + " oflag=direct conv=notrunc status=none || die write; done\n";
    }

    /** What of a volume's contents cannot be right after a power failure; null when all can. */
    String wrong(Path read) throws IOException {
        byte[] found = Files.readAllBytes(read);
        byte[] old = Files.readAllBytes(before.file());
        byte[] written = Files.readAllBytes(after.file());
        boolean end = false;
        for (int i = 0; i < order.size(); i++) {
            int from = order.get(i) * Contents.BLOCK;
            int to = from + RUN * Contents.BLOCK;
            boolean isNew = Arrays.equals(found, from, to, written, from, to);
            boolean isOld = Arrays.equals(found, from, to, old, from, to);
            if (end && !isOld) {
                return "run " + i + " of " + order.size() + " is not as before, but an earlier one is missing";
            }
            if (!isNew && !isOld && !isMixture(found, old, written, from, to)) {
                return "run " + i + " of " + order.size() + " is neither old nor new";
            }
            end |= !isNew;
            System.arraycopy(old, from, found, from, to - from);
        }
        int at = Arrays.mismatch(found, old);
        return at < 0 ? null : "block " + at / Contents.BLOCK + " was never written and has changed";
    }

    /** How many runs are there. */
    long arrived(Path read) throws IOException {
        byte[] found = Files.readAllBytes(read);
        byte[] written = Files.readAllBytes(after.file());
        return order.stream()
                .map(first -> first * Contents.BLOCK)
                .filter(from -> Arrays.equals(
                        found, from, from + RUN * Contents.BLOCK, written, from, from + RUN * Contents.BLOCK))
                .count();
    }

    private static boolean isMixture(byte[] found, byte[] old, byte[] written, int from, int to) {
        int sector = 512;
        for (int at = from; at < to; at += sector) {
            if (!Arrays.equals(found, at, at + sector, old, at, at + sector)
                    && !Arrays.equals(found, at, at + sector, written, at, at + sector)) {
                return false;
            }
        }
        return true;
    }
}
