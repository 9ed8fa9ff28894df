package io.restripe.reshape;

import io.restripe.metadata.Activity;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.rule.Problem;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What the monitor does when asked (docs/reshape-protocol.md, section 3). Owner: the monitor thread. */
final class RequestHandler {
    private static final Progress FIRST_UNIT_SAVED = new Progress(0, true);

    private final Charge charge = new Charge();
    private final MetadataKeeper keeper;
    private final ResyncDebts debts;
    private final Supplier<List<WatchedArray>> watched;

    /** @param watched the arrays that are watched now */
    RequestHandler(MetadataKeeper keeper, ResyncDebts debts, Supplier<List<WatchedArray>> watched) {
        this.keeper = keeper;
        this.debts = debts;
        this.watched = watched;
    }

    /** The answer, once it is true. */
    Reply handle(Request request) throws IOException {
        return switch (request) {
            case Request.FromManager f -> {
                Reply.Refused refused = charge.refuse(f);
                yield refused == null ? handle(f.request()) : refused;
            }
            case Request.TakeCharge _, Request.PingManager _, Request.PingMonitor _ -> new Reply.Ok();
            case Request.SetSyncMax s -> setSyncMax(s);
            case Request.BeginReshape b -> beginReshape(b.goal());
            case Request.CancelReshape c -> cancelReshape(c.volume());
            case Request.WithdrawStep w -> {
                WatchedArray array = array(w.volume());
                yield array == null ? unwatched(w.volume()) : array.reshape().withdraw();
            }
            case Request.BeginRebuild b -> beginRebuild(b);
            case Request.BeginResync r -> {
                WatchedArray array = array(r.volume());
                yield array == null ? unwatched(r.volume()) : beginResync(array);
            }
            case Request.ChangeDisks c -> changeDisks(c);
            case Request.ChangePolicy c -> changePolicy(c);
            case Request.AddVolume a -> {
                keeper.commit(keeper.current().withVolume(a.spec()));
                yield new Reply.Ok();
            }
        };
    }

    /** Null when none of this index is watched. */
    private WatchedArray array(int volume) {
        return watched.get().stream()
                .filter(a -> a.volume() == volume)
                .findFirst()
                .orElse(null);
    }

    private Container container() {
        return keeper.container();
    }

    private static Reply.Refused unwatched(int volume) {
        return new Reply.Refused("section 3", "no array of volume " + volume + " is watched");
    }

    private static Reply.Refused busy(Volume volume) {
        return new Reply.Refused("R7_ONE_MIGRATION", "volume " + volume.name() + " is in the middle of something else");
    }

    private Reply setSyncMax(Request.SetSyncMax s) throws IOException {
        WatchedArray array = array(s.volume());
        return array == null ? unwatched(s.volume()) : array.reshape().ask(s.devicePosition(), s.backedUp());
    }

    private Reply beginReshape(ReshapeGoal goal) throws IOException {
        WatchedArray array = array(goal.volume());
        if (array == null) {
            return unwatched(goal.volume());
        }
        Optional<Volume> other = container().reshaping();
        if (other.isPresent() && other.get().index() != goal.volume()) {
            return new Reply.Refused("R7_ONE_MIGRATION", "volume " + other.get().name() + " is being reshaped");
        }
        return other.isPresent() ? beginAgain(array) : beginAnew(array, goal);
    }

    /** It is recorded already, by somebody who saved nothing: the first unit's copy is. */
    private Reply beginAgain(WatchedArray array) throws IOException {
        Volume recorded = array.recorded();
        Activity.Reshape reshape = (Activity.Reshape) recorded.activity();
        if (reshape.progress().unit() != 0) {
            return new Reply.Refused(
                    "R6_MONOTONIC",
                    "the reshape is at unit " + reshape.progress().unit());
        }
        Reply.Refused refused = array.reshape().refuseBirth(firstUnitEnd(recorded));
        if (refused != null) {
            return refused;
        }
        keeper.writeProgress(recorded.index(), FIRST_UNIT_SAVED);
        // A record alone could be an earlier volume's: the rest of the metadata says that this one's reshape has begun.
        keeper.writeAll();
        return new Reply.Ok();
    }

    private Reply beginAnew(WatchedArray array, ReshapeGoal goal) throws IOException {
        List<Problem> problems = keeper.current().refuseReshape(goal);
        if (!problems.isEmpty()) {
            return new Reply.Refused("format", problems.getFirst().text());
        }
        ContainerMetadata wanted = keeper.current().withReshape(goal, true);
        Reply.Refused refused = array.reshape()
                .refuseBirth(firstUnitEnd(wanted.container().volumes().get(goal.volume())));
        if (refused != null) {
            return refused;
        }
        if (!keeper.writePendingProgress(wanted, goal.volume(), FIRST_UNIT_SAVED)) {
            return new Reply.Refused("R9_QUORUM", "a member could not take the record and is failed; begin once more");
        }
        keeper.commit(wanted);
        return new Reply.Ok();
    }

    private static long firstUnitEnd(Volume volume) {
        return ReshapeShape.of(volume, (Activity.Reshape) volume.activity()).positionOfUnit(1);
    }

    private Reply beginResync(WatchedArray array) throws IOException {
        Activity activity = array.recorded().activity();
        if (!(activity instanceof Activity.Idle || activity instanceof Activity.Resync)) {
            return busy(array.recorded());
        }
        array.beginResync();
        return new Reply.Ok();
    }

    private Reply cancelReshape(int volume) throws IOException {
        WatchedArray array = array(volume);
        if (array == null) {
            return unwatched(volume);
        }
        keeper.settle();
        if (array.recorded().activity() instanceof Activity.Reshape reshape) {
            if (reshape.progress().unit() != 0 || array.reshape().begun()) {
                return new Reply.Refused("R6_MONOTONIC", "the array has begun, or has been allowed to relocate");
            }
            keeper.commit(debts.recordedIn(keeper.current().withReshapeCancelled(volume)));
        }
        return new Reply.Ok();
    }

    private Reply beginRebuild(Request.BeginRebuild b) throws IOException {
        WatchedArray array = array(b.volume());
        if (array == null) {
            return unwatched(b.volume());
        }
        if (container().reshaping().isPresent() || !(array.recorded().activity() instanceof Activity.Idle)) {
            return busy(container().reshaping().orElse(array.recorded()));
        }
        keeper.commit(keeper.current().withRebuild(b.volume(), b.slot(), b.serial()));
        watched.get().forEach(a -> a.forget(b.serial()));
        return new Reply.Ok();
    }

    private Reply changePolicy(Request.ChangePolicy c) throws IOException {
        if (container().reshaping().isPresent()) {
            return busy(container().reshaping().get());
        }
        List<Problem> problems = keeper.current().refusePolicy(c.volume(), c.policy());
        if (!problems.isEmpty()) {
            return new Reply.Refused("format", problems.getFirst().text());
        }
        keeper.commit(keeper.current().withPolicy(c.volume(), c.policy()));
        return new Reply.Ok();
    }

    private Reply changeDisks(Request.ChangeDisks c) throws IOException {
        if (c.joining() != null) {
            keeper.join(c.joining());
            watched.get().forEach(a -> a.forget(c.serial()));
            keeper.commit(keeper.current().withSpare(c.joining()));
        } else {
            ContainerMetadata without = keeper.current().withoutDisk(c.serial());
            keeper.leave(c.serial());
            keeper.commit(without);
        }
        return new Reply.Ok();
    }
}
