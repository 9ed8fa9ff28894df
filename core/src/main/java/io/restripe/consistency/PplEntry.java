package io.restripe.consistency;

/**
 * One write of a row, as the log tells it (docs/imsm.md, 2.11): the same sectors of some data chunks that follow one another. What the other
 * data chunks hold there, xored, is the partial parity; xored with the written chunks as they are found, it is the row's parity.
 *
 * @param arraySector first sector written, in the first of the chunks
 * @param paritySectors of partial parity; 0 when all data chunks are written, and none is kept
 * @param dataSectors of all written chunks together
 * @param paritySlot the member that holds the row's parity, and this entry
 * @param checksum CRC-32C of the partial parity
 */
public record PplEntry(long arraySector, int paritySectors, int dataSectors, int paritySlot, long checksum) {
    public PplEntry {
        if (arraySector < 0 || paritySectors < 0 || dataSectors <= 0 || paritySlot < 0) {
            throw new IllegalArgumentException("no entry of a partial parity log: sector " + arraySector + ", parity "
                    + paritySectors + ", data " + dataSectors + ", slot " + paritySlot);
        }
    }
}
