package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.Errno;
import io.restripe.geometry.Level;

/** RAID0 cannot relocate by itself: meanwhile it is carried by a RAID4 or RAID5 whose parity member is missing. */
final class Carrier {
    private final ArrayControl control;
    private final Attributes attributes;

    Carrier(ArrayControl control) {
        this.control = control;
        this.attributes = new Attributes(control);
    }

    /** The array can relocate now. The takeover stops its marking as clean, which would last until somebody starts it anew: not wanted. */
    void take(Level goal) throws AttributeException {
        if (!level().equals("raid0")) {
            return;
        }
        String safeModeDelay = attributes.textOr(Attribute.SAFE_MODE_DELAY, "");
        control.write(Attribute.LEVEL, goal instanceof Level.Parity ? "raid5" : "raid4");
        control.write(Attribute.SYNC_ACTION, "frozen");
        if (!safeModeDelay.isEmpty()) {
            control.write(Attribute.SAFE_MODE_DELAY, safeModeDelay);
        }
    }

    /** Whether a volume of this level is still carried by another. */
    boolean carries(Level recorded) throws AttributeException {
        String now = level();
        return recorded instanceof Level.Striped && !now.isEmpty() && !now.equals("raid0");
    }

    /**
     * The array has the level again that is recorded. One that cannot change it while it is in use (EBUSY) goes on being carried, which
     * serves as well, and has its own level again when it is next started.
     */
    void takeBack(Level recorded) throws AttributeException {
        if (!carries(recorded)) {
            return;
        }
        try {
            control.write(Attribute.LEVEL, "raid0");
        } catch (AttributeException e) {
            if (e.errno() != Errno.EBUSY) {
                throw e;
            }
            System.getLogger("io.restripe.reshape")
                    .log(
                            System.Logger.Level.INFO,
                            "{0} stays a {1} until it is stopped: {2}",
                            control.name(),
                            level(),
                            e.getMessage());
        }
    }

    private String level() throws AttributeException {
        return attributes.textOr(Attribute.LEVEL, "");
    }
}
