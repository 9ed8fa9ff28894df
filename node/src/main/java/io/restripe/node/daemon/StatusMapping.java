package io.restripe.node.daemon;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.host.RunningContainer;
import io.restripe.host.Status;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.Volume;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.MemberStatus;
import io.restripe.node.rpc.Shape;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.unit.Units;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The core's status in the words of the command. Pure, but for the two looks at the container, which may be a moment apart. */
final class StatusMapping {
    private StatusMapping() {}

    static ContainerStatus of(RunningContainer running, StartOptions options) {
        Status status = running.status();
        Container container = running.container();
        List<MemberStatus> members = status.disks().stream()
                .map(d -> new MemberStatus(d.path(), d.serial(), d.state(), Units.bytesOfSectors(d.sectors())))
                .toList();
        Optional<String> culprit = status.problem().map(_ -> culprit(container));
        List<VolumeStatus> volumes = status.volumes().stream()
                .map(v -> volume(
                        v,
                        container.volume(v.name()),
                        culprit.filter(v.name()::equals).flatMap(_ -> status.problem())))
                .toList();
        return new ContainerStatus(
                status.name(),
                status.format(),
                status.uuid(),
                status.generation(),
                ProcessHandle.current().pid(),
                options.readOnly(),
                options.backend().word(),
                members,
                volumes,
                status.notes());
    }

    /** The volume a problem of the container is about: the one that reshapes, else one that is busy, else the first. */
    private static String culprit(Container container) {
        return container
                .reshaping()
                .or(() -> container.volumes().stream()
                        .filter(v -> !(v.activity() instanceof Activity.Idle))
                        .findFirst())
                .or(() -> container.volumes().stream().findFirst())
                .map(Volume::name)
                .orElse("");
    }

    private static VolumeStatus volume(
            Status.VolumeStatus shown, Optional<Volume> recorded, Optional<Problem> problem) {
        Shape now = recorded.map(v -> shape(v.geometry(), v.arraySectors()))
                .orElseGet(() -> shape(
                        Geometry.ofMd(shown.level(), shown.layout(), shown.raidDisks(), shown.chunkSectors()),
                        shown.arraySectors()));
        Optional<Shape> target = recorded.flatMap(v -> v.activity() instanceof Activity.Reshape r
                ? Optional.of(shape(r.after(), r.arraySectorsAfter()))
                : Optional.empty());
        List<String> slots =
                shown.slots().stream().map(s -> s.equals("missing") ? "-" : s).toList();
        return new VolumeStatus(
                shown.name(),
                shown.uuid(),
                now,
                target,
                shown.level() == 0
                        ? "none"
                        : recorded.map(v -> v.consistency().policy())
                                .orElse(ConsistencyPolicy.RESYNC)
                                .word(),
                shown.state(),
                shown.degraded(),
                slots,
                work(shown, recorded),
                problem,
                shown.holds(),
                List.of(),
                "");
    }

    /** Idle only when the metadata says so too: between two steps of a reshape the array itself is idle for a moment. */
    private static VolumeStatus.Work work(Status.VolumeStatus shown, Optional<Volume> recorded) {
        String recordedAction = recorded.map(v -> action(v.activity())).orElse("idle");
        String action = shown.busy() ? shown.action() : recordedAction;
        if (action.equals("idle")) {
            return VolumeStatus.Work.IDLE;
        }
        String phase = action.equals("reshape") ? shown.phase() : shown.busy() ? "" : "waiting";
        long total = shown.totalSectors();
        long done = Math.min(total, shown.doneSectors());
        boolean moves = shown.speedKibPerSecond() > 0 && !phase.equals("paused");
        return new VolumeStatus.Work(action, phase, done, total, moves ? shown.speedKibPerSecond() : -1);
    }

    private static String action(Activity activity) {
        return switch (activity) {
            case Activity.Idle _ -> "idle";
            case Activity.Resync _ -> "resync";
            case Activity.Rebuild _ -> "recovery";
            case Activity.Reshape _ -> "reshape";
        };
    }

    static Shape shape(Geometry geometry, long arraySectors) {
        String layout = geometry.level() instanceof Level.Parity p
                ? p.rotation().name().toLowerCase(Locale.ROOT).replace('_', '-')
                : geometry.level() instanceof Level.Near n ? "near=" + n.near() : "-";
        long chunkKib =
                geometry.level() instanceof Level.Mirrored ? 0 : geometry.chunkSectors() / Units.SECTORS_PER_KIB;
        return new Shape(
                "raid" + geometry.mdLevel(), layout, geometry.members(), chunkKib, Units.bytesOfSectors(arraySectors));
    }
}
