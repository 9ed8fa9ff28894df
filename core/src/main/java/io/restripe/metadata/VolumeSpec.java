package io.restripe.metadata;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import java.util.List;

/**
 * What a new volume is to be.
 *
 * @param memberKib KiB of each member to use, rounded down as the format demands; 0: all the free space there is
 * @param serials members in slot order; null in a slot: created with that member missing
 * @param assumeClean true: no first resync
 * @param policy how it becomes consistent again after an unclean stop
 */
public record VolumeSpec(
        String name,
        Geometry geometry,
        long memberKib,
        List<String> serials,
        boolean assumeClean,
        ConsistencyPolicy policy) {
    /** One that is resynced. */
    public VolumeSpec(String name, Geometry geometry, long memberKib, List<String> serials, boolean assumeClean) {
        this(name, geometry, memberKib, serials, assumeClean, ConsistencyPolicy.RESYNC);
    }
}
