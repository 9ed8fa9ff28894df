package io.restripe.array.engine;

/** What attribute writers and the sync thread tell each other. Guarded by the state lock. */
final class SyncControl {
    /** What the sync thread does, by md's words. */
    enum Action {
        IDLE("idle"),
        RESYNC("resync"),
        RECOVER("recover"),
        CHECK("check"),
        REPAIR("repair"),
        RESHAPE("reshape");

        final String word;

        Action(String word) {
            this.word = word;
        }
    }

    /** Nothing starts. */
    boolean frozen;
    /** What runs; IDLE when nothing does. */
    Action running = Action.IDLE;
    /** The running one must end at a consistent place. */
    boolean interrupted;
    /** A check or repair that was asked for and has not begun; IDLE when none was. */
    Action requested = Action.IDLE;
    /** What should run could not go on; only a new word or a new start lets it try again. */
    boolean stuck;
    /** Somebody waits for a checkpoint: publish at the next window. */
    boolean checkpointWanted;
    /** A member failed since the sync thread last looked; it looks without the lock. */
    volatile boolean memberFailed;
    /** The spare that a recovery fills; null while none runs. */
    Member recovering;

    /** Published progress in md's unit, of {@code total}; -1 while nothing runs. */
    long completed = -1;

    long total;
    long speedKib;
}
