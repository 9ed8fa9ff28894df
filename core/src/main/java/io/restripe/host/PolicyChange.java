package io.restripe.host;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.ServedArray;
import io.restripe.consistency.BitmapArea;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.DiskException;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Volume;
import io.restripe.reshape.MemberPlace;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.Request;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;

/**
 * Another consistency policy for a volume that runs. What is recorded is what a crash is recovered by, so the array does it before it is
 * recorded, and until after it is not recorded any more:
 *
 * <pre>
 *   on    areas written, flushed | array logs | what was written before is flushed | recorded
 *   off   recorded | array ceases
 * </pre>
 *
 * From one policy with an area to another it goes by way of the resync, since both use the same area. Called by one at a time.
 */
final class PolicyChange {
    private final String container;
    private final Monitor monitor;
    private final ContainerArrays arrays;
    private final MonitorCalls calls;

    PolicyChange(String container, Monitor monitor, ContainerArrays arrays, MonitorCalls calls) {
        this.container = container;
        this.monitor = monitor;
        this.arrays = arrays;
        this.calls = calls;
    }

    /** On return it is in force and recorded. The same policy again changes nothing. */
    void change(Volume volume, ConsistencyPolicy wanted) throws ProblemException {
        ConsistencyPolicy present = volume.consistency().policy();
        if (wanted == present) {
            return;
        }
        ServedArray array = arrays.of(volume.index());
        requireChangeable(volume, array, wanted);
        if (present != ConsistencyPolicy.RESYNC) {
            record(volume, ConsistencyPolicy.RESYNC);
        }
        cease(volume, array); // also what a change that failed has left: the area is about to be another's
        if (wanted != ConsistencyPolicy.RESYNC) {
            begin(volume, array, wanted);
        }
    }

    private String what(Volume volume) {
        return "change the consistency policy of " + container + "/" + volume.name();
    }

    private void requireChangeable(Volume volume, ServedArray array, ConsistencyPolicy wanted) throws ProblemException {
        MonitorCalls.refuse(monitor.metadata().refusePolicy(volume.index(), wanted));
        if (!array.changesPolicy()) {
            throw new ProblemException(new Problem(
                    "cannot " + what(volume),
                    "array " + array.name(),
                    "the kernel's arrays are not told of another policy while they run",
                    "Stop the container, assemble it with --backend=embedded, and change it there"));
        }
        if (monitor.syncComes() || syncs(volume, array)) {
            throw new ProblemException(new Problem(
                    "cannot " + what(volume),
                    "container " + container,
                    "a resync, rebuild or check is under way or about to begin",
                    "Wait for its end: restripe wait " + container));
        }
    }

    private boolean syncs(Volume volume, ServedArray array) throws ProblemException {
        try {
            return !new Attributes(array).syncAction().equals("idle");
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot " + what(volume), e);
        }
    }

    private void record(Volume volume, ConsistencyPolicy policy) throws ProblemException {
        calls.ask(what(volume), new Request.ChangePolicy(volume.index(), policy));
    }

    private void begin(Volume volume, ServedArray array, ConsistencyPolicy wanted) throws ProblemException {
        ContainerMetadata changed = monitor.metadata().withPolicy(volume.index(), wanted);
        boolean recorded = false;
        try {
            ContainerCreation.makeReady(changed, volume.index(), monitor.disks());
            tell(array, changed.container().volumes().get(volume.index()));
            array.disk().flush(); // no log tells of what was written before it
            record(volume, wanted);
            recorded = true;
        } catch (DiskException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot " + what(volume),
                            "member " + e.disk(),
                            String.valueOf(e.getMessage()),
                            "Replace this member and try again; the policy is resync"),
                    e);
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot " + what(volume), e);
        } finally {
            if (!recorded) {
                ceaseQuietly(volume, array);
            }
        }
    }

    private static void tell(ServedArray array, Volume after) throws AttributeException {
        ConsistencyPolicy policy = after.consistency().policy();
        if (policy == ConsistencyPolicy.PPL) {
            for (String member : array.members()) {
                MemberPlace.tellLog(array, member, after);
            }
        } else {
            array.write(Attribute.BITMAP_LOCATION, "+" + (after.consistency().sector() + BitmapArea.BITS_SECTOR));
        }
        array.write(Attribute.CONSISTENCY_POLICY, policy.word());
    }

    /** It is not recorded, or not any more. */
    private void cease(Volume volume, ServedArray array) throws ProblemException {
        try {
            array.write(Attribute.BITMAP_LOCATION, "none");
            array.write(Attribute.CONSISTENCY_POLICY, ConsistencyPolicy.RESYNC.word());
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot " + what(volume) + "; the policy is resync", e);
        }
    }

    /** An array that does more than is recorded does no harm, and the next change looks for it. */
    private void ceaseQuietly(Volume volume, ServedArray array) {
        try {
            cease(volume, array);
        } catch (ProblemException e) {
            System.getLogger("io.restripe.host")
                    .log(System.Logger.Level.WARNING, e.problem().text());
        }
    }
}
