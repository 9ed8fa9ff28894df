package io.restripe.lab.crash;

/** What the user of the volumes did and was told, in the order of the recorded run. */
public sealed interface Mark {
    /**
     * A write was begun; versions grow with time, and writes that overlap never run at the same time.
     *
     * @param zeros the range was given up: it holds zeros afterwards
     */
    record Issued(int version, int volume, long sector, int sectors, boolean zeros) implements Mark {
        boolean covers(int ofVolume, long ofSector) {
            return volume == ofVolume && sector <= ofSector && ofSector < sector + sectors;
        }
    }

    record Acknowledged(int version) implements Mark {}

    record FlushBegan(int flush, int volume) implements Mark {}

    record FlushDone(int flush) implements Mark {}

    /** The request to reshape returned: from here on it must be finished, whatever happens. */
    record Born() implements Mark {}
}
