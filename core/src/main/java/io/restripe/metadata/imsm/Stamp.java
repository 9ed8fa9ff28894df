package io.restripe.metadata.imsm;

/**
 * What a format took from its environment for a container's pure transitions: chance for families, and the time.
 *
 * @param seed unpredictable
 * @param unixSeconds when the container was created or read
 */
record Stamp(long seed, long unixSeconds) {}
