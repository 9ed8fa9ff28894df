package io.restripe.host;

import io.restripe.assembly.SlotDisks;
import io.restripe.consistency.BitmapArea;
import io.restripe.consistency.PplArea;
import io.restripe.disk.DiskException;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes new containers. */
final class ContainerCreation {
    private ContainerCreation() {}

    /** A new container with its first volume, on every disk of it or not at all as far as the caller is told. */
    static void create(MetadataFormat format, List<MemberDisk> disks, VolumeSpec spec) throws ProblemException {
        ContainerMetadata empty = format.create(disks);
        MonitorCalls.refuse(empty.refuseVolume(spec));
        ContainerMetadata made = empty.withVolume(spec);
        Map<String, MemberDisk> bySerial = new LinkedHashMap<>();
        for (MemberDisk disk : disks) {
            bySerial.put(disk.serial(), disk);
            if (!spec.serials().contains(disk.serial())) {
                MonitorCalls.refuse(made.refuseSpare(disk));
            }
        }
        try {
            makeReady(made, 0, bySerial);
            Map<String, String> failed = format.commit(made, bySerial).failed();
            if (!failed.isEmpty()) {
                Map.Entry<String, String> first = failed.entrySet().iterator().next();
                throw new ProblemException(refusal(spec, first.getKey(), first.getValue()));
            }
        } catch (DiskException e) {
            throw new ProblemException(refusal(spec, e.disk(), String.valueOf(e.getMessage())), e);
        }
    }

    /** Refuses a further volume, or makes its members ready for it. */
    static void prepare(ContainerMetadata metadata, VolumeSpec spec, Map<String, MemberDisk> disks)
            throws ProblemException {
        MonitorCalls.refuse(metadata.refuseVolume(spec));
        try {
            makeReady(metadata.withVolume(spec), metadata.container().volumes().size(), disks);
        } catch (DiskException e) {
            throw new ProblemException(refusal(spec, e.disk(), String.valueOf(e.getMessage())), e);
        }
    }

    private static Problem refusal(VolumeSpec spec, String member, String why) {
        return new Problem(
                "cannot create " + spec.name(), "member " + member, why, "Replace this member and create again");
    }

    /** Partial parity logs say nothing, and bitmaps that all must be compared, before metadata says that they are there. Durable on return. */
    static void makeReady(ContainerMetadata made, int index, Map<String, MemberDisk> disks) throws DiskException {
        Container container = made.container();
        Volume volume = container.volumes().get(index);
        for (MemberDisk disk : SlotDisks.of(volume.slots(), container, disks)) {
            if (disk != null && volume.consistency().logsParity()) {
                new PplArea(disk.disk(), volume.consistency()).clear();
            } else if (disk != null && volume.consistency().mapsWrites()) {
                new BitmapArea(disk.disk(), volume.consistency()).create(volume.uuid(), BitmapArea.USUAL_CHUNK_SECTORS);
            }
        }
    }
}
