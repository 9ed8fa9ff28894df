package io.restripe.metadata.imsm;

/** What a map's flags amount to (docs/imsm.md, 3.2 and 6.2). Pure. */
final class MapStates {
    private MapStates() {}

    /** The map with its state as the flags demand; a map that is not initialised stays so while no slot is out of sync. */
    static MapEntry restated(MapEntry map) {
        int out = map.outOfSyncCount();
        if (out == 0) {
            return map.state() == MapEntry.UNINITIALISED ? map : map.withState(MapEntry.NORMAL);
        }
        return map.withState(survives(map, out) ? MapEntry.DEGRADED : MapEntry.LOST);
    }

    private static boolean survives(MapEntry map, int out) {
        return switch (map.storedLevel()) {
            case 0 -> false;
            case 5 -> out == 1;
            default -> everyPairHasOne(map);
        };
    }

    private static boolean everyPairHasOne(MapEntry map) {
        for (int slot = 0; slot < map.members(); slot += 2) {
            if (map.outOfSync(slot) && map.outOfSync(slot + 1)) {
                return false;
            }
        }
        return true;
    }

    /** The map with its failed slot as the flags demand: the lowest. */
    static MapEntry withLowestFailed(MapEntry map) {
        for (int slot = 0; slot < map.members(); slot++) {
            if (map.outOfSync(slot)) {
                return map.withFailedSlot(slot);
            }
        }
        return map.withFailedSlot(MapEntry.NO_SLOT);
    }

    /** The map when the disk has failed in it; unchanged when the disk has no slot. */
    static MapEntry withDiskOutOfSync(MapEntry map, int disk) {
        int slot = map.slotOf(disk);
        return slot < 0 ? map : restated(map.withOutOfSync(slot));
    }
}
