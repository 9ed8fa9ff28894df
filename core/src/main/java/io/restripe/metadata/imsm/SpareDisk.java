package io.restripe.metadata.imsm;

/**
 * A spare of the container. It has no entry in the MPB, only a record of its own (docs/imsm.md, 2.9).
 *
 * @param totalSectors size of the disk
 * @param recordDue whether its record must be written by the next commit
 */
record SpareDisk(String serial, long totalSectors, boolean recordDue) {}
