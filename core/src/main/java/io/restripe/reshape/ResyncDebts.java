package io.restripe.reshape;

import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Volume;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/**
 * Volumes whose parity or copies must still be made sure of: they were stopped uncleanly in the middle of a reshape. While a reshape
 * goes first, only their being dirty says so on the disks; the commit after which none goes first records the resyncs, so that no crash
 * in between forgets them. Any thread.
 */
public final class ResyncDebts {
    private final Set<Integer> owing = new ConcurrentSkipListSet<>();

    void owe(int volume) {
        owing.add(volume);
    }

    void settle(int volume) {
        owing.remove(volume);
    }

    boolean owes(int volume) {
        return owing.contains(volume);
    }

    /** What is to be committed in place of {@code wanted}: when no reshape goes first in it, with the resyncs that are owed. */
    ContainerMetadata recordedIn(ContainerMetadata wanted) {
        return recorded(wanted, owing);
    }

    /** The same for these volumes. */
    public static ContainerMetadata recorded(ContainerMetadata wanted, Collection<Integer> owing) {
        ContainerMetadata with = wanted;
        if (!ReshapeManager.hasWork(wanted.container())) {
            for (Volume volume : wanted.container().volumes()) {
                if (owing.contains(volume.index()) && canResync(volume)) {
                    with = with.withResync(volume.index(), false);
                }
            }
        }
        return with;
    }

    private static boolean canResync(Volume volume) {
        return volume.activity() instanceof Activity.Idle
                && volume.missingSlots() == 0
                && volume.geometry().redundancy() > 0;
    }
}
