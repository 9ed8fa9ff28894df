package io.restripe.node.daemon;

import java.util.Optional;

/**
 * Who does the I/O of a container that is about to be made or started.
 *
 * @param note why, for a person; empty where nothing else was in question
 */
public record BackendChoice(Backend backend, Optional<String> note) {
    /** What was told, or all that there is. */
    public static BackendChoice plain(Backend backend) {
        return new BackendChoice(backend, Optional.empty());
    }

    static BackendChoice because(Backend backend, String note) {
        return new BackendChoice(backend, Optional.of(note));
    }
}
