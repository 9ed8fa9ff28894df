package io.restripe.host;

import io.restripe.disk.DiskException;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
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
            Map<String, String> failed = format.commit(made, bySerial).failed();
            if (!failed.isEmpty()) {
                throw new ProblemException(new Problem(
                        "cannot create " + spec.name(),
                        "member " + failed.keySet().iterator().next(),
                        failed.values().iterator().next(),
                        "Replace this member and create again"));
            }
        } catch (DiskException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot create " + spec.name(),
                            "member " + e.disk(),
                            String.valueOf(e.getMessage()),
                            "Replace this member and create again"),
                    e);
        }
    }
}
