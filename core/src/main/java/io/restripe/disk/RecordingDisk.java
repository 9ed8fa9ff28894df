package io.restripe.disk;

import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Tells a listener of every write and flush that the disk below has done, in the order in which they returned. */
public final class RecordingDisk extends DiskLayer {
    private static final long PIECE_SECTORS = 2048;
    private final Listener listener;

    /** Called by the thread of the request, before the request returns; by several threads at once where requests are. */
    public interface Listener {
        /**
         * A write.
         *
         * @param contents a copy, the listener's to keep
         */
        void wrote(long sector, byte[] contents);

        void flushed();
    }

    public RecordingDisk(Disk inner, Listener listener) {
        super(inner);
        this.listener = listener;
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        byte[] contents = from.toArray(ValueLayout.JAVA_BYTE);
        inner().write(sector, from);
        listener.wrote(sector, contents);
    }

    /** What became zeros is told as a write of zeros, in pieces. */
    @Override
    public boolean discard(long sector, long sectors) throws DiskException {
        boolean zeros = inner().discard(sector, sectors);
        for (long done = 0; zeros && done < sectors; done += PIECE_SECTORS) {
            listener.wrote(
                    sector + done, new byte[Units.bufferBytesOfSectors(Math.min(PIECE_SECTORS, sectors - done))]);
        }
        return zeros;
    }

    @Override
    public void flush() throws DiskException {
        inner().flush();
        listener.flushed();
    }
}
