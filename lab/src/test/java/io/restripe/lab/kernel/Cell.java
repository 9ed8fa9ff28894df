package io.restripe.lab.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** One hand-over. */
record Cell(Change change, Cut cut, Direction direction) {
    /** All that there are of these. */
    static List<Cell> all(List<Change> changes, Set<Cut> cuts, Set<Direction> directions) {
        List<Cell> cells = new ArrayList<>();
        for (Change change : changes) {
            for (Cut cut : cuts) {
                directions.forEach(direction -> cells.add(new Cell(change, cut, direction)));
            }
        }
        return cells;
    }
}
