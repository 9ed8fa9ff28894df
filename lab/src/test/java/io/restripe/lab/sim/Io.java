package io.restripe.lab.sim;

import io.restripe.disk.DiskException;

/** Disk calls inside lambdas of tests. */
interface Io {
    void call() throws DiskException;

    static void run(Io io) {
        try {
            io.call();
        } catch (DiskException e) {
            throw new AssertionError(e);
        }
    }
}
