package io.restripe.metadata;

import io.restripe.geometry.Geometry;
import java.util.List;

/**
 * What a new volume is to be.
 *
 * @param memberKib KiB of each member to use, rounded down as the format demands; 0: all the free space there is
 * @param serials members in slot order; null in a slot: created with that member missing
 * @param assumeClean true: no first resync
 */
public record VolumeSpec(String name, Geometry geometry, long memberKib, List<String> serials, boolean assumeClean) {}
