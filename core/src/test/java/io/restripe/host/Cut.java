package io.restripe.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Takes a picture of all disks at one point of the protocol: so many writes after the migration record says something. The running
 * container goes on undisturbed; the picture is what a power cut would have left.
 */
final class Cut implements ContainerRig.Watcher {
    /** What the record must say; -1 in {@code unit}: any write counts from the start. */
    record Point(int status, int unit, int writesAfter) {}

    private final ContainerRig rig;
    private final Point point;
    private final ReentrantLock lock = new ReentrantLock();
    private int writesLeft;
    private boolean armed;
    private ContainerRig picture;

    Cut(ContainerRig rig, Point point) {
        this.rig = rig;
        this.point = point;
        this.writesLeft = point.writesAfter();
        this.armed = point.unit() < 0;
    }

    @Override
    public void written(int disk, long sector, byte[] contents) {
        lock.lock();
        try {
            if (picture != null) {
                return;
            }
            if (!armed) {
                armed = isRecord(sector) && says(contents);
            }
            if (armed && writesLeft-- <= 0) {
                picture = rig.snapshot();
            }
        } finally {
            lock.unlock();
        }
    }

    private static boolean isRecord(long sector) {
        return sector == ContainerRig.DISK_SECTORS - 1;
    }

    private boolean says(byte[] record) {
        ByteBuffer fields = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        boolean blank = fields.getInt(16) == 0; // no unit size: a cleared record
        return !blank && fields.getInt(0) == point.status() && fields.getInt(4) == point.unit();
    }

    /** The picture; null when the point was never reached. */
    ContainerRig picture() {
        lock.lock();
        try {
            return picture;
        } finally {
            lock.unlock();
        }
    }
}
