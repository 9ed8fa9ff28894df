package io.restripe.parity;

/**
 * The kernels behind {@link Parity}: one block a call, by address. Lengths are multiples of 128 and at most {@link
 * Memory#BLOCK_BYTES}; blocks do not overlap unless a method says so, and the caller has checked that all of them exist.
 * Implementations have no state: any thread may call.
 */
interface BackEnd {
    /** What {@link Parity#backEndName} and the log say. */
    String name();

    /** {@code target} = XOR of the sources, of which there is at least one. */
    void xor(long target, long[] sources, int bytes);

    /** {@code target} ^= {@code source}. */
    void xorInto(long target, long source, int bytes);

    /**
     * P = XOR of the sources, Q = sum of g^w * {@code byPower[w]}. {@code p == q} is allowed and leaves Q there.
     *
     * @param byPower at least one; {@link Memory#ZERO_BLOCK} for a power that no data chunk has
     */
    void pq(long p, long q, long[] byPower, int bytes);

    /** Q ^= g^power * delta, with a power of 0 to 254. */
    void addDelta(long q, long delta, int power, int bytes);

    /** data = factor * (data ^ q): from what the other data chunks make of Q, the lost one. */
    void solveOne(long data, long q, int factor, int bytes);

    /**
     * From what the other data chunks make of Q (in x) and of P (in y), the two lost ones: with px = y ^ p and qx = x ^ q, x =
     * pFactor * px ^ qFactor * qx, and y = px ^ x.
     */
    void solveTwo(long x, long y, long p, long q, int pFactor, int qFactor, int bytes);

    boolean isZero(long block, int bytes);
}
