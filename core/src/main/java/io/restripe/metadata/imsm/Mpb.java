package io.restripe.metadata.imsm;

import java.util.ArrayList;
import java.util.List;

/**
 * The whole metadata parameter block of a container as a value (docs/imsm.md, chapter 2): the same on every member.
 *
 * @param slack bytes between the last volume and the bad-block log, kept as they were
 */
record Mpb(MpbHeader header, List<DiskEntry> disks, List<VolumeEntry> volumes, Raw slack, List<BadBlock> badBlocks) {
    Mpb {
        disks = List.copyOf(disks);
        volumes = List.copyOf(volumes);
        badBlocks = List.copyOf(badBlocks);
    }

    Mpb withHeader(MpbHeader changed) {
        return new Mpb(changed, disks, volumes, slack, badBlocks);
    }

    Mpb withDisks(List<DiskEntry> changed) {
        return new Mpb(header, changed, volumes, slack, badBlocks);
    }

    Mpb withVolumes(List<VolumeEntry> changed) {
        return new Mpb(header, disks, changed, slack, badBlocks);
    }

    Mpb withBadBlocks(List<BadBlock> changed) {
        return new Mpb(header, disks, volumes, slack, changed);
    }

    Mpb withVolume(int index, VolumeEntry changed) {
        List<VolumeEntry> all = new ArrayList<>(volumes);
        all.set(index, changed);
        return withVolumes(all);
    }

    Mpb withDisk(int index, DiskEntry changed) {
        List<DiskEntry> all = new ArrayList<>(disks);
        all.set(index, changed);
        return withDisks(all);
    }

    /** Index of the working entry with this serial, -1 when there is none. */
    int workingDisk(String serial) {
        for (int i = 0; i < disks.size(); i++) {
            if (disks.get(i).isWorking() && disks.get(i).serial().equals(serial)) {
                return i;
            }
        }
        return -1;
    }

    /** Index of the volume whose geometry is changing, -1 when there is none. */
    int reshapingVolume() {
        for (int i = 0; i < volumes.size(); i++) {
            if (volumes.get(i).reshaping()) {
                return i;
            }
        }
        return -1;
    }
}
