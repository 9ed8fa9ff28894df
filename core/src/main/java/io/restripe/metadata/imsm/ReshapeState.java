package io.restripe.metadata.imsm;

import io.restripe.metadata.Progress;

/**
 * What the migration records say, decided.
 *
 * @param copyAreaSector where the copy area starts on every member
 */
record ReshapeState(Progress progress, long copyAreaSector) {}
