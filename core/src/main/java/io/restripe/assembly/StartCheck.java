package io.restripe.assembly;

import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.stream.IntStream;

/** Whether a volume can be started with the members that are there, and what the caller must allow for it. */
final class StartCheck {
    private static final String WHAT = "cannot assemble";

    private final Container container;
    private final List<Integer> missing;
    private final LoggedParity logs;

    /** @param missing disk table indexes of members that are listed as working and not there */
    StartCheck(Container container, List<Integer> missing, LoggedParity logs) {
        this.container = container;
        this.missing = List.copyOf(missing);
        this.logs = logs;
    }

    /** @throws ProblemException the first thing that stands against it */
    void refuse(Volume volume, Assembly.Options options) throws ProblemException {
        List<Slot> slots =
                volume.activity() instanceof Activity.Reshape reshape ? reshape.slotsAfter() : volume.slots();
        refuseBeyondRedundancy(volume, slots);
        boolean newlyGone = slots.stream().anyMatch(slot -> missing.contains(slot.disk()));
        if (newlyGone && !options.startDegraded()) {
            throw new ProblemException(new Problem(
                    WHAT,
                    "volume " + volume.name(),
                    "members are missing: " + missingSerials(slots),
                    "Name all its members, or start it degraded with --run"));
        }
        if (!options.force() && isDoubtful(volume)) {
            throw new ProblemException(new Problem(
                    WHAT,
                    "volume " + volume.name(),
                    volume.dirty()
                            ? "it was being written when it stopped, and a member is missing: what the missing member held of the"
                                    + " rows written last can no longer be told"
                            : "its parity had not been made sure of to the end, and a member is missing: what the missing member"
                                    + " held of the rest can no longer be told",
                    "Name all its members, or accept that with --force"));
        }
    }

    /** Whether a member is missing whose data only a parity that nobody vouches for could give. */
    boolean isDoubtful(Volume volume) {
        List<Slot> slots =
                volume.activity() instanceof Activity.Reshape reshape ? reshape.slotsAfter() : volume.slots();
        boolean unsure = volume.dirty() || volume.activity() instanceof Activity.Resync;
        return unsure
                && gone(slots) > 0
                && volume.geometry().parityMembers() > 0
                && (volume.activity() instanceof Activity.Resync || !logs.tells(volume));
    }

    private int gone(List<Slot> slots) {
        return (int) slots.stream()
                .filter(slot -> !slot.inSync() || missing.contains(slot.disk()))
                .count();
    }

    private void refuseBeyondRedundancy(Volume volume, List<Slot> slots) throws ProblemException {
        int redundancy = volume.geometry().redundancy();
        if (volume.activity() instanceof Activity.Reshape reshape) {
            redundancy = Math.min(redundancy, reshape.after().redundancy());
        }
        if (gone(slots) > redundancy && !enoughCopies(volume, slots)) {
            throw new ProblemException(new Problem(
                    WHAT,
                    "volume " + volume.name(),
                    gone(slots) + " of " + slots.size() + " members are missing and it can do without " + redundancy
                            + reasons(slots),
                    "Name all its members"));
        }
    }

    /** Which members were not among those named, and of which the metadata itself says that they are of no use. */
    private String reasons(List<Slot> slots) {
        List<Integer> useless = IntStream.range(0, slots.size())
                .filter(slot -> !slots.get(slot).inSync())
                .boxed()
                .toList();
        return (missingSerials(slots).isEmpty() ? "" : "; not among those named: " + missingSerials(slots))
                + (useless.isEmpty() ? "" : "; recorded as failed or not rebuilt yet: slots " + useless);
    }

    /** RAID10 may do without more members than it can in the worst case, when they are the right ones. */
    private boolean enoughCopies(Volume volume, List<Slot> slots) {
        int near = volume.geometry().copies();
        if (volume.geometry().mdLevel() != 10 || slots.size() % near != 0) {
            return false;
        }
        for (int first = 0; first < slots.size(); first += near) {
            boolean any = slots.subList(first, first + near).stream()
                    .anyMatch(slot -> slot.inSync() && !missing.contains(slot.disk()));
            if (!any) {
                return false;
            }
        }
        return true;
    }

    private List<String> missingSerials(List<Slot> slots) {
        return slots.stream()
                .filter(slot -> missing.contains(slot.disk()))
                .map(slot -> container.disks().get(slot.disk()).serial())
                .toList();
    }
}
