package io.restripe.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which back ends there are and which one is wanted. The system property {@code restripe.parity} forces "scalar" or "vector"; without
 * it the choice is {@link WarmUp}'s. No state, any thread.
 */
final class BackEnds {
    static final String PROPERTY = "restripe.parity";
    private static final String SCALAR = "scalar";
    private static final String VECTOR = "vector";

    private BackEnds() {}

    /** The vector back end; empty when the virtual machine runs without the vector module or the processor's vectors do not suit. */
    static Optional<BackEnd> vector() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty() || !VectorBackEnd.suits()) {
            return Optional.empty();
        }
        return Optional.of(new VectorBackEnd());
    }

    /** All that run here, the reference first. */
    static List<BackEnd> all() {
        List<BackEnd> all = new ArrayList<>();
        all.add(new ScalarBackEnd());
        vector().ifPresent(all::add);
        return all;
    }

    /**
     * What to begin with: scalar, which is fast at once, unless vector is forced and there. Never fails: what is wrong with the property
     * is for {@link #wanted} to say.
     */
    static BackEnd initial(String forced) {
        BackEnd scalar = new ScalarBackEnd();
        return VECTOR.equals(forced) ? vector().orElse(scalar) : scalar;
    }

    /** The back end that a warm-up should end with, if it proves right; empty when that is scalar. */
    static Optional<BackEnd> wanted(String forced) {
        if (forced == null || forced.isEmpty()) {
            return vector();
        }
        return switch (forced) {
            case SCALAR -> Optional.empty();
            case VECTOR ->
                Optional.of(vector().orElseThrow(() -> new IllegalStateException(PROPERTY + "=" + VECTOR
                        + ": no vectors of 128 to 512 bits here. Start java with --add-modules"
                        + " jdk.incubator.vector, or drop the property")));
            default ->
                throw new IllegalStateException(PROPERTY + "=" + forced + ": there are " + SCALAR + " and " + VECTOR);
        };
    }

    static boolean isForced(String forced) {
        return forced != null && !forced.isEmpty();
    }
}
