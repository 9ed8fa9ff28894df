package io.restripe.lab.kernel;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** An image that somebody else is using: read without asking for a lock, what is there at the moment. */
final class ImageView implements Disk {
    private final String name;
    private final FileChannel file;
    private final long sectors;

    ImageView(Path image) throws IOException {
        this.name = image.toString();
        this.file = FileChannel.open(image, StandardOpenOption.READ);
        this.sectors = Units.sectorsOfBytesExact(file.size());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sectors() {
        return sectors;
    }

    @Override
    public int logicalSectorBytes() {
        return Units.SECTOR_BYTES;
    }

    @Override
    public void read(long sector, MemorySegment into) throws DiskException {
        ByteBuffer buffer = into.asByteBuffer();
        try {
            long at = Units.bytesOfSectors(sector);
            while (buffer.hasRemaining()) {
                int got = file.read(buffer, at + buffer.position());
                if (got < 0) {
                    throw new IOException("it ends there");
                }
            }
        } catch (IOException e) {
            throw new DiskException(
                    name,
                    DiskException.Operation.READ,
                    sector,
                    Units.sectorsOfBytesFloor(into.byteSize()),
                    String.valueOf(e.getMessage()),
                    e);
        }
    }

    @Override
    public void write(long sector, MemorySegment from) throws DiskException {
        throw refused(sector);
    }

    @Override
    public void flush() throws DiskException {
        throw refused(-1);
    }

    private DiskException refused(long sector) {
        return new DiskException(name, DiskException.Operation.WRITE, sector, 0, "it is only looked at");
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // Opened for reading: nothing can be lost.
        }
    }
}
