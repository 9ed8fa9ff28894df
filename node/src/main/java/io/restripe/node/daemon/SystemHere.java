package io.restripe.node.daemon;

import io.restripe.array.kernel.KernelContainer;
import io.restripe.array.kernel.KernelMd;
import io.restripe.assembly.Assembly;
import io.restripe.assembly.BlockDevices;
import io.restripe.assembly.CopyAreaUse;
import io.restripe.geometry.Level;
import io.restripe.metadata.Activity;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.node.device.AttachmentRecord;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** This system, as the choice of a back end sees it. Changes nothing. */
final class SystemHere implements BackendChooser.Here {
    /** What a RAID0 is while it is relocated. */
    private static final String CARRIER = "raid5";

    private final RunFolder run;
    private final MetadataFormat format;
    private final Members members;

    /** @param members how disks are opened to be looked at */
    SystemHere(RunFolder run, MetadataFormat format, Members members) {
        this.run = run;
        this.format = format;
        this.members = members;
    }

    @Override
    public boolean isBlockDevice(String member) {
        return BlockDevices.of(member).isPresent();
    }

    @Override
    public Optional<String> running(List<String> devices) throws ProblemException {
        List<Path> paths = devices.stream()
                .flatMap(member -> BlockDevices.of(member).stream())
                .toList();
        return KernelContainer.running(format.name(), paths);
    }

    @Override
    public Optional<String> waiting(String container) {
        try {
            return AttachmentRecord.all(run.folder(container)).stream()
                    .map(AttachmentRecord::device)
                    .filter(device -> !device.isEmpty())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // what cannot be read is told when the host process wants to go on with it
        }
    }

    @Override
    public Optional<String> withoutMd(Set<String> levels) {
        return new KernelMd().unavailable(levels);
    }

    @Override
    public Optional<List<BackendChooser.Held>> volumes(List<String> names, CopyAreaUse copyArea) {
        List<MemberDisk> disks = List.of();
        try {
            disks = members.open(names, true);
            return Optional.of(Assembly.look(format, disks, copyArea).container().volumes().stream()
                    .map(SystemHere::held)
                    .toList());
        } catch (ProblemException e) {
            return Optional.empty(); // starting it tells the same
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    private static BackendChooser.Held held(Volume volume) {
        Set<String> levels = new LinkedHashSet<>();
        levels.add("raid" + volume.geometry().mdLevel());
        if (volume.activity() instanceof Activity.Reshape reshape) {
            levels.add("raid" + reshape.after().mdLevel());
            if (reshape.before().level() instanceof Level.Striped) {
                levels.add(CARRIER);
            }
        }
        return new BackendChooser.Held(
                volume.name(), levels, volume.consistency().policy(), reshapes(volume.activity()));
    }

    /** Or will by itself, once another volume of the container has. */
    private static boolean reshapes(Activity activity) {
        return activity instanceof Activity.Reshape || activity instanceof Activity.Idle idle && idle.awaitsGrow();
    }
}
