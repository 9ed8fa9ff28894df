package io.restripe.metadata;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a commit achieved.
 *
 * @param metadata the state as written, with its new generation
 * @param failed serial -> why, of members that could not be written and flushed; the caller fails them. Never all of them: that is an
 *     exception
 */
public record Committed(ContainerMetadata metadata, Map<String, String> failed) {
    public Committed {
        failed = Collections.unmodifiableMap(new LinkedHashMap<>(failed)); // keeps its order
    }
}
