package io.restripe.lab.sim;

/**
 * How a simulation runs.
 *
 * @param seed decides everything that is left to chance
 * @param order who runs next
 * @param switchPercent in {@link Order#SEEDED}: how many of a hundred calls to the env or a disk may hand over to another thread
 * @param stepNanos simulated time that every such call takes; 0: the clock moves only when nobody can run
 * @param maxSteps after so many calls the run is taken for a livelock
 * @param spuriousPerMille in {@link Order#SEEDED}: how many of a thousand waits on a condition return without a reason
 * @param realSeconds after so long in the real world the run is taken to hang outside the env
 * @param platformThreads platform threads instead of virtual ones: for debuggers and native code
 */
public record SimOptions(
        long seed,
        Order order,
        int switchPercent,
        long stepNanos,
        long maxSteps,
        int spuriousPerMille,
        int realSeconds,
        boolean platformThreads) {
    /** Who runs next. */
    public enum Order {
        /** Drawn from the seed at every call. */
        SEEDED,
        /** Each in its turn. */
        FAIR,
        /** The same thread until it waits: the fastest. */
        UNTIL_BLOCKED
    }

    /** Any order that the seed leads to, with all nastiness on. */
    public static SimOptions seeded(long seed) {
        return new SimOptions(seed, Order.SEEDED, 100, 0, 5_000_000, 10, 120, false);
    }

    /** As few switches as possible. */
    public static SimOptions fast(long seed) {
        return new SimOptions(seed, Order.UNTIL_BLOCKED, 0, 0, 50_000_000, 0, 120, false);
    }

    public SimOptions withOrder(Order to) {
        return new SimOptions(
                seed, to, switchPercent, stepNanos, maxSteps, spuriousPerMille, realSeconds, platformThreads);
    }

    public SimOptions withSwitchPercent(int to) {
        return new SimOptions(seed, order, to, stepNanos, maxSteps, spuriousPerMille, realSeconds, platformThreads);
    }

    public SimOptions withStepNanos(long to) {
        return new SimOptions(seed, order, switchPercent, to, maxSteps, spuriousPerMille, realSeconds, platformThreads);
    }

    public SimOptions withMaxSteps(long to) {
        return new SimOptions(
                seed, order, switchPercent, stepNanos, to, spuriousPerMille, realSeconds, platformThreads);
    }

    public SimOptions withSpuriousPerMille(int to) {
        return new SimOptions(seed, order, switchPercent, stepNanos, maxSteps, to, realSeconds, platformThreads);
    }

    public SimOptions withRealSeconds(int to) {
        return new SimOptions(seed, order, switchPercent, stepNanos, maxSteps, spuriousPerMille, to, platformThreads);
    }

    public SimOptions withPlatformThreads(boolean to) {
        return new SimOptions(seed, order, switchPercent, stepNanos, maxSteps, spuriousPerMille, realSeconds, to);
    }
}
