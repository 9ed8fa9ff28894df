package io.restripe.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Follows the migration record and the copy area of a rig, and notes each write to a copy area that the record names (R1). */
final class ProtocolWatch implements ContainerRig.Watcher {
    /** First sector of the copy area on the rig's disks. */
    static final long COPY_AREA = ContainerRig.DISK_SECTORS - 2209;

    private static final long COPY_AREA_END = COPY_AREA + 2048;
    private final List<String> overwritten = Collections.synchronizedList(new ArrayList<>());
    private volatile int savedUnit = -1;
    private volatile int copies;

    @Override
    public synchronized void written(int disk, long sector, byte[] contents) {
        if (sector == ContainerRig.DISK_SECTORS - 1) {
            ByteBuffer record = ByteBuffer.wrap(contents).order(ByteOrder.LITTLE_ENDIAN);
            savedUnit = record.getInt(0) == 1 ? record.getInt(4) : -1;
        } else if (sector >= COPY_AREA && sector < COPY_AREA_END) {
            copies++;
            if (savedUnit >= 0) {
                overwritten.add("disk " + disk + ", sector " + sector + ", while unit " + savedUnit + " is in it");
            }
        }
    }

    /** Writes to a copy area while the durable record said that it holds a unit. */
    List<String> overwritten() {
        return List.copyOf(overwritten);
    }

    /** The unit that the record last written says is in the copy area, -1: none. */
    int savedUnit() {
        return savedUnit;
    }

    /** Writes to copy areas so far. */
    int copies() {
        return copies;
    }
}
