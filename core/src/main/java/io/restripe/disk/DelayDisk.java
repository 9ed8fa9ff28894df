package io.restripe.disk;

import io.restripe.env.Env;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;

/** A slow disk: every request takes so much longer, in the env's time. Requests of several threads wait side by side. */
public final class DelayDisk extends DiskLayer {
    private final Env env;
    private final long requestNanos;
    private final long sectorNanos;

    /**
     * A slow disk.
     *
     * @param requestNanos added to every request, flushes and discards included
     * @param sectorNanos added for every sector read or written
     */
    public DelayDisk(Disk inner, Env env, long requestNanos, long sectorNanos) {
        super(inner);
        this.env = env;
        this.requestNanos = requestNanos;
        this.sectorNanos = sectorNanos;
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        delay(into.byteSize());
        inner().read(sector, into);
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        delay(from.byteSize());
        inner().write(sector, from);
    }

    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        delay(0);
        return inner().discard(sector, sectors);
    }

    @Override
    public void flush() throws DiskException {
        delay(0);
        inner().flush();
    }

    private void delay(long bytes) {
        env.sleepNanos(requestNanos + Math.multiplyExact(sectorNanos, Units.sectorsOfBytesFloor(bytes)));
    }
}
