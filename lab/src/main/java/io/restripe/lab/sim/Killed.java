package io.restripe.lab.sim;

/** Unwinds a simulated thread whose process was killed. Nobody but the scheduler may keep it. */
final class Killed extends Error {
    private static final long serialVersionUID = 1L;
    static final Killed INSTANCE = new Killed();

    private Killed() {
        super("this simulated process was killed", null, false, false);
    }
}
