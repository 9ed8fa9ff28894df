package io.restripe.node.daemon;

import io.restripe.os.ProcessMemory;
import io.restripe.os.SystemCallException;

/** Keeps the host process in memory: what it does for the kernel's arrays must not wait for those arrays. */
final class Residence {
    private Residence() {}

    /** Locks all memory that the process has and will get; where that is not allowed it says so and goes on. */
    static void take() {
        try {
            ProcessMemory.lockAll();
        } catch (SystemCallException e) {
            System.getLogger("io.restripe.node.daemon")
                    .log(
                            System.Logger.Level.WARNING,
                            "this process may be swapped out ({0}): do not swap to its arrays, or raise the limit of locked memory",
                            e.getMessage());
        }
    }
}
