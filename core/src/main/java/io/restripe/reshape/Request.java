package io.restripe.reshape;

import io.restripe.metadata.ReshapeGoal;

/** What the monitor is asked, by the reshape manager or on behalf of a person (docs/reshape-protocol.md, section 3). */
public sealed interface Request {
    /**
     * A manager's request, as it travels. The monitor takes it once, and not after it has taken a later one, of this manager or of one
     * that has taken charge since: a request may lie in a socket while its sender dies and another begins.
     *
     * @param manager who asks, a number drawn once by each manager, not 0
     * @param number which of its requests, ascending
     */
    record FromManager(long manager, long number, Request request) implements Request {}

    /** A manager begins: what others asked and was not taken yet never will be. */
    record TakeCharge() implements Request {}

    /** Answered when the monitor's manager thread has completed a full pass begun after the ping. */
    record PingManager() implements Request {}

    /** Answered when the monitor thread has completed a full pass begun after the ping. */
    record PingMonitor() implements Request {}

    /** The array may be relocated up to a device position; {@link MonitorMachine#MAX}: as far as it ever can. */
    record SetSyncMax(int volume, long devicePosition, boolean backedUp) implements Request {}

    /**
     * Record that a reshape begins. Unit 0 is saved in the copy area and flushed: the record that says so is written first, then the
     * metadata (R12). For a volume already recorded as reshaping at unit 0 only the record is written.
     */
    record BeginReshape(ReshapeGoal goal) implements Request {}

    /**
     * The array would not start the reshape, or whether it is recorded is not known: record the old geometry again. Refused when
     * anything has moved. Ok means that metadata durably says "idle", whatever was written before.
     */
    record CancelReshape(int volume) implements Request {}

    /**
     * The manager gives up the step that it was preparing and wants to let its writes go. Ok means that the durable record names no
     * unit in the copy area and that the array may not relocate past the checkpoint. Refused otherwise.
     */
    record WithdrawStep(int volume) implements Request {}

    /** A slot of a degraded volume gets this disk, a rebuild is about to begin. */
    record BeginRebuild(int volume, int slot, String serial) implements Request {}

    /** Parity of a volume is not to be trusted, and the array is about to make it right from its beginning. */
    record BeginResync(int volume) implements Request {}

    /** A spare joined, or a spare or failed disk left (then {@code disk} is null). */
    record ChangeDisks(String serial, io.restripe.metadata.MemberDisk joining) implements Request {}

    /** An idle volume is kept consistent in another way; the array is told after that, or has been before. */
    record ChangePolicy(int volume, io.restripe.consistency.ConsistencyPolicy policy) implements Request {}

    /** A new volume, already checked by the format. */
    record AddVolume(io.restripe.metadata.VolumeSpec spec) implements Request {}
}
