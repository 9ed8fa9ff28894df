package io.restripe.lab.sim;

/**
 * How many crash states to look at.
 *
 * @param maxStates when there are more, that many are drawn from the seed
 * @param allSubsetsOf where no more writes than this are unflushed, every subset of them is looked at
 * @param randomPerPrefix random subsets for each point of the trace, besides the systematic ones
 * @param seed for the draw and for the random subsets
 */
public record Budget(int maxStates, int allSubsetsOf, int randomPerPrefix, long seed) {
    /** 64 subsets at the most: enough for most points of a reshape without users. */
    public static final int SUBSETS = 6;

    /** All systematic states and a few random ones. */
    public static Budget everything(long seed) {
        return new Budget(Integer.MAX_VALUE, SUBSETS, 4, seed);
    }

    public static Budget atMost(int maxStates, long seed) {
        return new Budget(maxStates, SUBSETS, 4, seed);
    }
}
