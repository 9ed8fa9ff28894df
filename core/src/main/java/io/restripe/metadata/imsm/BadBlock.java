package io.restripe.metadata.imsm;

/**
 * An entry of the bad-block log (docs/imsm.md, 2.10).
 *
 * @param disk index into the disk table
 * @param sector first bad sector of the whole disk
 * @param sectors how many
 */
record BadBlock(int disk, long sector, long sectors) {}
