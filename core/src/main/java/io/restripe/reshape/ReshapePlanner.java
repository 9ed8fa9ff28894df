package io.restripe.reshape;

import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Turns a request into goals, or into the reason why not. Pure: everything is checked before anything is written. */
public final class ReshapePlanner {
    private static final String WHAT = "cannot reshape";

    private ReshapePlanner() {}

    /**
     * @param name the container's, by which remedies call it
     * @param metadata the container as recorded
     * @throws ProblemException the first reason against it
     */
    public static ReshapePlan plan(String name, ContainerMetadata metadata, GrowRequest request)
            throws ProblemException {
        ContainerMetadata with = metadata;
        for (MemberDisk disk : request.add()) {
            List<Problem> problems = with.refuseSpare(disk);
            if (!problems.isEmpty()) {
                throw new ProblemException(problems.getFirst());
            }
            with = with.withSpare(disk);
        }
        refuseWhileBusy(name, with.container());
        List<ReshapeGoal> goals = new ArrayList<>();
        List<ReshapePlan.VolumePlan> volumes = new ArrayList<>();
        List<String> joined = List.of();
        for (Volume volume : chosen(with.container(), request)) {
            Geometry after = wanted(volume, request);
            int missing = after.members() - volume.geometry().members();
            if (goals.isEmpty() && missing > 0) {
                joined = spares(name, with, volume, missing, after);
            }
            ReshapeGoal goal = new ReshapeGoal(volume.index(), after, missing > 0 ? joined : List.of());
            List<Problem> problems = with.refuseReshape(goal);
            if (!problems.isEmpty()) {
                throw new ProblemException(problems.getFirst());
            }
            goals.add(goal);
            volumes.add(figures(with, volume, goal));
            with = with.withReshape(goal, false).withReshapeFinished(volume.index());
        }
        return new ReshapePlan(goals, volumes);
    }

    /** The goals that are left of a grow of the whole container that is known to have begun, and can be reached now. */
    public static List<ReshapeGoal> remaining(Container container) {
        return goals(container, ReshapePlanner::awaitsGrow);
    }

    /**
     * What would make volumes as wide as the first one. Nobody has recorded that a grow began: they may have been made so, and then it is
     * for a person to say that they shall become wider.
     */
    public static List<ReshapeGoal> narrower(Container container) {
        return goals(container, volume -> !awaitsGrow(volume));
    }

    /**
     * The same, by somebody who wants it.
     *
     * @param name the container's, by which remedies call it
     * @throws ProblemException the first reason against it
     */
    public static List<ReshapeGoal> planNarrower(String name, ContainerMetadata metadata) throws ProblemException {
        List<ReshapeGoal> goals = narrower(metadata.container());
        if (!goals.isEmpty()) {
            refuseWhileBusy(name, metadata.container());
            for (Problem problem : metadata.refuseReshape(goals.getFirst())) {
                throw new ProblemException(problem);
            }
        }
        return goals;
    }

    /** What keeps a volume that awaits its turn in a grow from having it; empty when there is none such. */
    public static Optional<Problem> leftBehind(Container container) {
        return container.volumes().stream()
                .filter(ReshapePlanner::awaitsGrow)
                .findFirst()
                .map(volume -> new Problem(
                        "cannot grow volume " + volume.name() + " as the others were",
                        "container " + container.uuid(),
                        "a member is missing that it, or another volume, cannot do without",
                        "Add a spare and wait for the rebuild: restripe wait; then: restripe grow --continue"));
    }

    private static boolean awaitsGrow(Volume volume) {
        return volume.activity() instanceof Activity.Idle idle && idle.awaitsGrow();
    }

    private static List<ReshapeGoal> goals(Container container, Predicate<Volume> which) {
        boolean incomplete = container.volumes().stream()
                .anyMatch(v -> v.missingSlots() > v.geometry().redundancy());
        if (incomplete || container.volumes().isEmpty()) {
            return List.of();
        }
        List<Slot> wide = container.volumes().getFirst().slots();
        List<ReshapeGoal> goals = new ArrayList<>();
        for (Volume volume : container.volumes()) {
            if (which.test(volume)
                    && isBehind(volume, wide)
                    && added(volume, wide).allMatch(Slot::inSync)) {
                Geometry now = volume.geometry();
                List<String> serials = added(volume, wide)
                        .map(slot -> container.disks().get(slot.disk()).serial())
                        .toList();
                goals.add(new ReshapeGoal(
                        volume.index(), new Geometry(now.level(), wide.size(), now.chunkSectors()), serials));
            }
        }
        return goals;
    }

    /** Idle, and on the first of those disks. */
    private static boolean isBehind(Volume volume, List<Slot> wide) {
        List<Slot> narrow = volume.slots();
        return volume.activity() instanceof Activity.Idle
                && narrow.size() < wide.size()
                && grows(volume)
                && IntStream.range(0, narrow.size())
                        .allMatch(slot ->
                                narrow.get(slot).disk() == wide.get(slot).disk());
    }

    private static Stream<Slot> added(Volume volume, List<Slot> wide) {
        return wide.subList(volume.slots().size(), wide.size()).stream();
    }

    private static boolean grows(Volume volume) {
        return volume.geometry().level() instanceof Level.Striped
                || (volume.geometry().level() instanceof Level.Parity p && p.mdLevel() == 5);
    }

    private static void refuseWhileBusy(String name, Container container) throws ProblemException {
        for (Volume volume : container.volumes()) {
            String where = "volume " + volume.name();
            switch (volume.activity()) {
                case Activity.Idle _ -> {}
                case Activity.Reshape _ ->
                    throw new ProblemException(new Problem(
                            WHAT, where, "it is being reshaped already", "Wait for its end: restripe wait " + name));
                case Activity.Resync _, Activity.Rebuild _ ->
                    throw new ProblemException(new Problem(
                            WHAT,
                            where,
                            "its resync or rebuild is not finished",
                            "Wait for its end: restripe wait " + name));
            }
            if (volume.missingSlots() > volume.geometry().redundancy()) {
                throw new ProblemException(new Problem(
                        WHAT,
                        where,
                        volume.missingSlots() + " members are missing and the level can do without "
                                + volume.geometry().redundancy(),
                        "Bring back the missing members first"));
            }
        }
    }

    private static List<Volume> chosen(Container container, GrowRequest request) throws ProblemException {
        if (request.volume() == null) {
            return container.volumes();
        }
        Volume volume = container
                .volume(request.volume())
                .orElseThrow(() -> new ProblemException(new Problem(
                        WHAT,
                        "volume " + request.volume(),
                        "the container has no volume of that name",
                        "Its volumes: "
                                + container.volumes().stream().map(Volume::name).toList())));
        boolean countOnly = request.raidDisks().isPresent()
                && request.level().isEmpty()
                && request.chunkSectors().isEmpty();
        if (countOnly && container.volumes().size() > 1) {
            throw new ProblemException(new Problem(
                    WHAT,
                    "volume " + request.volume(),
                    "the number of disks is a matter of the whole container: all its volumes span all its disks",
                    "Grow the container: leave out the volume's name"));
        }
        return List.of(volume);
    }

    private static Geometry wanted(Volume volume, GrowRequest request) throws ProblemException {
        Geometry now = volume.geometry();
        int mdLevel = request.level().orElse(now.mdLevel());
        int chunk = request.chunkSectors().orElse(now.chunkSectors());
        boolean toRaid5 = now.mdLevel() == 0 && mdLevel == 5;
        int members = request.raidDisks().orElse(toRaid5 ? now.members() + 1 : now.members());
        if (mdLevel != now.mdLevel() && !toRaid5) {
            throw new ProblemException(new Problem(
                    WHAT,
                    "volume " + volume.name(),
                    "a change from RAID" + now.mdLevel() + " to RAID" + mdLevel + " cannot be recorded",
                    "Only RAID0 to RAID5 with one disk more is possible"));
        }
        try {
            Level level = toRaid5 ? new Level.Parity(5, Rotation.LEFT_ASYMMETRIC) : now.level();
            Geometry after = new Geometry(level, members, chunk);
            if (after.equals(now)) {
                throw new IllegalArgumentException("it has that shape already");
            }
            if (after.dataMembers() < now.dataMembers()) {
                throw new IllegalArgumentException(
                        "the array would shrink from " + now.members() + " disks to " + members);
            }
            return after;
        } catch (IllegalArgumentException e) {
            throw new ProblemException(
                    new Problem(
                            WHAT,
                            "volume " + volume.name(),
                            String.valueOf(e.getMessage()),
                            "Ask for another number of disks, chunk or level"),
                    e);
        }
    }

    private static List<String> spares(String name, ContainerMetadata with, Volume volume, int count, Geometry after)
            throws ProblemException {
        List<String> found = new ArrayList<>();
        List<String> rejected = new ArrayList<>();
        for (ContainerDisk disk : with.container().disks()) {
            if (disk.status() == ContainerDisk.Status.SPARE && found.size() < count) {
                ReshapeGoal alone = new ReshapeGoal(volume.index(), after, List.of(disk.serial()));
                boolean fits = count > 1 || with.refuseReshape(alone).isEmpty();
                if (fits) {
                    found.add(disk.serial());
                } else {
                    rejected.add(disk.serial() + ": "
                            + with.refuseReshape(alone).getFirst().why());
                }
            }
        }
        if (found.size() < count) {
            // What the format cannot record at all is told first: adding disks would not help.
            Problem first = with.refuseReshape(new ReshapeGoal(volume.index(), after, found))
                    .getFirst();
            if (!first.where().equals("container")) {
                throw new ProblemException(first);
            }
            throw new ProblemException(new Problem(
                    WHAT,
                    "volume " + volume.name(),
                    after.members() + " disks need " + count + " spares, the container has " + found.size()
                            + (rejected.isEmpty() ? "" : " usable (" + rejected.getFirst() + ")"),
                    "Add disks: restripe add " + name + " MEMBER..., or name them behind --add"));
        }
        return found;
    }

    private static ReshapePlan.VolumePlan figures(ContainerMetadata with, Volume volume, ReshapeGoal goal) {
        ContainerMetadata begun = with.withReshape(goal, false);
        Volume during = begun.container().volumes().get(volume.index());
        Activity.Reshape reshape = (Activity.Reshape) during.activity();
        ReshapeShape shape = ReshapeShape.of(during, reshape);
        long critical = shape.criticalUnits();
        return new ReshapePlan.VolumePlan(
                volume.name(),
                shape.before(),
                shape.after(),
                volume.arraySectors(),
                reshape.arraySectorsAfter(),
                shape.units(),
                critical,
                shape.unitSectors(),
                volume.arraySectors(),
                critical * shape.depthSectors() * shape.after().members());
    }
}
