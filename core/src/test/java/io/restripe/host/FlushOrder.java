package io.restripe.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** Notes which disks had unflushed data (below the copy area) when a record claimed progress. */
final class FlushOrder implements ContainerRig.Watcher {
    private static final long DATA_END = ContainerRig.DISK_SECTORS - 2209;

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Integer> unflushed = new HashSet<>();
    private final List<String> broken = new ArrayList<>();
    private int claims;

    @Override
    public void written(int disk, long sector, byte[] contents) {
        lock.lock();
        try {
            if (sector < DATA_END + 2048) {
                unflushed.add(disk); // volume data, or a backup in the copy area
            } else if (sector == ContainerRig.DISK_SECTORS - 1 && claimsProgress(contents)) {
                claims++;
                if (!unflushed.isEmpty()) {
                    broken.add("claim " + claims + " with unflushed data on disks " + unflushed);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private static boolean claimsProgress(byte[] record) {
        return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getInt(16) != 0;
    }

    @Override
    public void flushed(int disk) {
        lock.lock();
        try {
            unflushed.remove(disk);
        } finally {
            lock.unlock();
        }
    }

    int claims() {
        return claims;
    }

    List<String> unflushedClaims() {
        return broken;
    }
}
