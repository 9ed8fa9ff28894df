package io.restripe.lab.walk;

import io.restripe.lab.walk.World.Array;
import io.restripe.lab.walk.World.Copy;
import io.restripe.lab.walk.World.Disks;
import io.restripe.reshape.ReshapeShape;
import java.util.List;

/** The array's steps, as md takes them, and its users'. */
final class ArrayModel {
    private final Bounds bounds;
    private final ReshapeShape shape;
    private final Conduct conduct;

    ArrayModel(Bounds bounds, Conduct conduct) {
        this.bounds = bounds;
        this.shape = bounds.shape();
        this.conduct = conduct;
    }

    void moves(World w, List<Move> into) {
        for (int volume = 0; volume < w.arrays().size(); volume++) {
            Array array = w.array(volume);
            if (array.reshaping()) {
                relocate(w, volume, array, into);
            }
            if (array.writing() >= 0) {
                into.add(Move.of("a write is done", written(w, volume, array)));
            }
        }
        int turn = w.turn();
        if (turn >= 0 && w.array(turn).writing() < 0) {
            write(w, turn, into);
        }
    }

    private void relocate(World w, int volume, Array array, List<Move> into) {
        long to = array.reached() + bounds.row();
        // A write in flight holds the rows that it touches: those are not relocated before it is done.
        if (to <= Math.min(array.syncMax(), shape.deviceEnd()) && array.writing() < 0) {
            Array moved = array.withRelocated(to, array.flushed(), array.published());
            into.add(Move.of(
                    "a row is relocated to " + to, disturbed(w, volume, to).with(volume, moved)));
        }
        if (array.published() < array.reached()) {
            long flushed = conduct.flushesBeforePublishing() ? array.reached() : array.flushed();
            into.add(Move.of(
                    "sync_completed " + array.reached(),
                    w.with(volume, array.withRelocated(array.reached(), flushed, array.reached()))));
        }
        if (array.published() == shape.deviceEnd()) {
            into.add(Move.of("the array is through", w.with(volume, array.withAdopted())));
        } else {
            into.add(Move.fault("the array stands", w.with(volume, array.withAction(false, true))));
        }
    }

    /** A unit that is being saved loses its source. */
    private World disturbed(World w, int volume, long reached) {
        Disks disks = w.disks();
        boolean hit = disks.copy() == Copy.SAVING
                && disks.copyVolume() == volume
                && reached > bounds.sourceOf(disks.copyUnit());
        return hit ? w.with(disks.withCopy(Copy.STALE)) : w;
    }

    /** Users write where they may; what matters is the unit that comes next, and the one in the copy area. */
    private void write(World w, int volume, List<Move> into) {
        long next = w.disks().migrating() == volume ? w.disks().record().unit() : 0;
        Array array = w.array(volume);
        if (next < shape.units() && !array.holds(shape.positionOfUnit(next), shape.positionOfUnit(next + 1))) {
            into.add(Move.fault("a write to unit " + next, w.with(volume, array.withWriting(next))));
        }
    }

    private static World written(World w, int volume, Array array) {
        Disks disks = w.disks();
        boolean outdated =
                disks.copy() != Copy.NONE && disks.copyVolume() == volume && disks.copyUnit() == array.writing();
        World done = w.with(volume, array.withWriting(-1));
        return outdated ? done.with(disks.withCopy(Copy.STALE)) : done;
    }
}
