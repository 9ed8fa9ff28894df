package io.restripe.reshape;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import java.io.IOException;

/**
 * The writes that a volume's reshape holds up: the manager's end of {@code suspend_hi}. What is held is let go only by the monitor as it
 * releases a step, or here, once the monitor has answered that no durable record needs it: a record that names a unit in the copy area
 * stands for exactly what was saved, so until that unit is relocated nothing else may be written there (R1). Owner: the manager's thread.
 */
final class HeldWrites {
    private static final System.Logger LOG = System.getLogger("io.restripe.reshape");

    private final MonitorLink monitor;
    private final int volume;
    private final Attributes attributes;

    HeldWrites(MonitorLink monitor, int volume, Attributes attributes) {
        this.monitor = monitor;
        this.volume = volume;
        this.attributes = attributes;
    }

    /** For a birth: from the volume's start to {@code end}; nothing that was held before counts. On return none is in flight there. */
    void fromStart(long end) throws AttributeException {
        attributes.clearSuspension();
        to(end);
    }

    /** From the checkpoint to {@code end}. On return none is in flight there. */
    void to(long end) throws AttributeException {
        if (lettingThrough(attributes)) {
            attributes.set(Attribute.WRITE_THROUGH, 0);
        }
        attributes.set(Attribute.SUSPEND_HI, end);
    }

    /** Whether the array can do writes into a step's range in the old and the new place, so that they need not wait. */
    boolean canLetThrough() throws AttributeException {
        return !attributes.textOr(Attribute.WRITE_THROUGH, "").isEmpty();
    }

    /**
     * From the checkpoint to {@code end}, which nothing stands for but the old places: writes there need not wait where the array does them
     * in both. False when it cannot: then they are held.
     *
     * @param mostMillis how long a write may wait for the part that is being moved
     */
    boolean through(long end, long mostMillis) throws AttributeException {
        boolean offered = canLetThrough();
        if (offered) {
            attributes.set(Attribute.WRITE_THROUGH, Math.max(1, mostMillis));
        }
        attributes.set(Attribute.SUSPEND_HI, end);
        return offered;
    }

    /** Whether what is suspended is not held. */
    static boolean lettingThrough(Attributes attributes) throws AttributeException {
        return attributes.numberOr(Attribute.WRITE_THROUGH, 0) != 0;
    }

    /** Whether everything from the volume's start to {@code end} is held, and has been since somebody said so. */
    boolean holdFromStart(long end) throws AttributeException {
        return !lettingThrough(attributes)
                && attributes.numberOr(Attribute.SUSPEND_LO, Attributes.MAX) == 0
                && attributes.numberOr(Attribute.SUSPEND_HI, 0) >= end;
    }

    boolean any() throws AttributeException {
        return attributes.numberOr(Attribute.SUSPEND_HI, 0) > attributes.numberOr(Attribute.SUSPEND_LO, 0);
    }

    /** Nothing relocates and metadata, durably, says so: all is let go. */
    void letGo() throws AttributeException {
        attributes.clearSuspension();
        if (lettingThrough(attributes)) {
            attributes.set(Attribute.WRITE_THROUGH, 0);
        }
    }

    /**
     * The step that was being prepared is given up, so nothing above the checkpoint needs to be held. False, and all stays as it is,
     * when the monitor does not agree or cannot be asked.
     */
    boolean giveUpStep() {
        try {
            if (monitor.call(new Request.WithdrawStep(volume)) instanceof Reply.Refused) {
                return false;
            }
            to(attributes.number(Attribute.SUSPEND_LO));
            return true;
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "writes stay held: {0}", e.getMessage());
            return false;
        }
    }

    /** What a person should know of it, as the end of a sentence; empty when nothing is held. */
    String told() {
        try {
            return any() && !lettingThrough(attributes)
                    ? ". Writes to sectors " + attributes.number(Attribute.SUSPEND_LO) + " to "
                            + attributes.number(Attribute.SUSPEND_HI) + " wait until then"
                    : "";
        } catch (IOException e) {
            return ""; // the array is gone, and its writers with it
        }
    }
}
