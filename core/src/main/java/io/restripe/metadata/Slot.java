package io.restripe.metadata;

/**
 * A slot of a volume.
 *
 * @param disk index into the container's disk table
 * @param inSync false when the slot's data must not be used: failed, missing, or being rebuilt
 */
public record Slot(int disk, boolean inSync) {}
