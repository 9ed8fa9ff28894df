package io.restripe.check;

/**
 * Rows next to each other that were found to be the same way wrong.
 *
 * @param start first member sector, from the volume's first
 * @param end member sector behind the last
 * @param culprit what of the rows is wrong, as far as it can be told
 */
record RowRange(long start, long end, String culprit) {
    long sectors() {
        return end - start;
    }
}
