package io.restripe.reshape;

/**
 * Which manager is in charge, and how many of its requests were taken: a request counts once, and never after a later one of the same
 * manager or of its successor (docs/reshape-protocol.md, section 10). A monitor that has just begun follows the first that asks. Owner:
 * the monitor thread.
 */
final class Charge {
    private static final long NOBODY = 0;

    private long manager = NOBODY;
    private long taken;

    /** Why it is not taken up; null when it is, and then it has been. */
    Reply.Refused refuse(Request.FromManager request) {
        boolean successor = request.request() instanceof Request.TakeCharge || manager == NOBODY;
        if (request.manager() != manager && !successor) {
            return new Reply.Refused("R7_ONE_MIGRATION", "another manager has taken charge since");
        }
        if (request.manager() == manager && request.number() <= taken) {
            return new Reply.Refused(
                    "R6_MONOTONIC", "request " + request.number() + " comes after request " + taken + " was taken");
        }
        manager = request.manager();
        taken = request.number();
        return null;
    }
}
