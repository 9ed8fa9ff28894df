package io.restripe.array.engine;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.engine.SyncControl.Action;
import io.restripe.consistency.ConsistencyPolicy;

/**
 * What keeps the array consistent, before it runs and while it does: then it changes with nobody inside, so that a write is logged from
 * its first byte to its last or not at all. Called with the state lock held.
 */
final class PolicySwitch {
    private static final String NONE = "none";

    private final ArrayState state;
    private final Parts parts;
    private final Lifecycle lifecycle;

    PolicySwitch(Parts parts, Lifecycle lifecycle) {
        this.state = parts.state();
        this.parts = parts;
        this.lifecycle = lifecycle;
    }

    void write(Attribute attribute, String value) throws AttributeException {
        switch (attribute) {
            case BITMAP_CAN_CLEAR -> {
                if (state.running) {
                    throw refusal(attribute, value, Errno.EBUSY, "a running array knows by itself");
                }
                state.config.bitmapMayClear = Boolean.parseBoolean(value);
            }
            case BITMAP_LOCATION -> {
                long sector =
                        value.equals(NONE) ? Config.NONE : Texts.number(state, attribute.mdName(), value.substring(1));
                change(attribute, value, () -> locate(sector));
            }
            default -> {
                ConsistencyPolicy policy = ConsistencyPolicy.of(value)
                        .orElseThrow(() -> refusal(attribute, value, Errno.EINVAL, "not such a policy"));
                if (state.running && policy == ConsistencyPolicy.PPL) {
                    lifecycle.requireLogs(value);
                }
                change(attribute, value, () -> adopt(policy));
            }
        }
    }

    private void locate(long sector) {
        state.config.bitmapSector = sector;
        if (state.running) {
            state.config.bitmapMayClear = true;
            parts.bitmap().start();
        }
    }

    private void adopt(ConsistencyPolicy policy) {
        state.config.policy = policy;
        if (state.running) {
            parts.log().start();
        }
    }

    private void change(Attribute attribute, String value, Runnable change) throws AttributeException {
        if (!state.running) {
            change.run();
            return;
        }
        requireQuiet(attribute, value);
        boolean[] changed = new boolean[1];
        parts.admission().alone(() -> {
            changed[0] = isQuiet(); // a sync may have begun while those inside left
            if (changed[0]) {
                change.run();
            }
        });
        if (!changed[0]) {
            requireQuiet(attribute, value);
        }
    }

    private boolean isQuiet() {
        return state.running
                && !state.broken
                && state.sync.running == Action.IDLE
                && !state.config.reshaping()
                && state.config.resyncStart == Config.MAX;
    }

    private void requireQuiet(Attribute attribute, String value) throws AttributeException {
        if (!state.redundant()) {
            throw refusal(attribute, value, Errno.EINVAL, "without redundancy there is nothing to keep consistent");
        }
        if (!isQuiet()) {
            throw refusal(
                    attribute,
                    value,
                    Errno.EBUSY,
                    "a running array changes its policy only while nothing else goes on in it");
        }
    }

    private AttributeException refusal(Attribute attribute, String value, Errno errno, String why) {
        return state.refusal(attribute.mdName(), value, errno, why);
    }
}
