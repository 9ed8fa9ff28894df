package io.restripe.node.daemon;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Who does the I/O of a container's arrays. */
public enum Backend {
    /** The engine in the host process. */
    EMBEDDED,
    /** The kernel's md: block devices, which the host process looks after. */
    KERNEL;

    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Backend> parse(String word) {
        return Stream.of(values())
                .filter(backend -> backend.word().equals(word))
                .findFirst();
    }
}
