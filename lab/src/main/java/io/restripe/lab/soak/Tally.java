package io.restripe.lab.soak;

import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;

/** How much happened. One thread. */
public final class Tally {
    /** What is counted. */
    public enum Count {
        HISTORIES,
        SESSIONS,
        RESHAPES,
        REBUILDS,
        /** Times that the product asked where the parts of a saved unit are. */
        ASKED,
        KILLS,
        ACTORS_KILLED,
        POWER_CUTS,
        WRITES,
        STEPS,
        SIMULATED_NANOS,
        REAL_NANOS
    }

    private final Map<Count, Long> counts = new EnumMap<>(Count.class);

    long of(Count count) {
        return counts.getOrDefault(count, 0L);
    }

    void add(Count count, long more) {
        counts.merge(count, more, Long::sum);
    }

    void add(Tally other) {
        other.counts.forEach(this::add);
    }

    public double simulatedHours() {
        return of(Count.SIMULATED_NANOS) / 3.6e12;
    }

    void putInto(Properties properties) {
        for (Count count : Count.values()) {
            properties.setProperty(count.name(), Long.toString(of(count)));
        }
    }

    static Tally from(Properties properties) {
        Tally tally = new Tally();
        for (Count count : Count.values()) {
            tally.add(count, Long.parseLong(properties.getProperty(count.name(), "0")));
        }
        return tally;
    }

    @Override
    public String toString() {
        return String.format(
                "%.2f simulated hours in %.0f s: %d containers, %d times on and off (%d power cuts, %d hosts killed), %d managers and"
                        + " monitors killed, %d reshapes,"
                        + " %d members replaced, %d questions where a saved unit is, %d writes and discards, %d scheduling steps",
                simulatedHours(),
                of(Count.REAL_NANOS) / 1e9,
                of(Count.HISTORIES),
                of(Count.SESSIONS),
                of(Count.POWER_CUTS),
                of(Count.KILLS),
                of(Count.ACTORS_KILLED),
                of(Count.RESHAPES),
                of(Count.REBUILDS),
                of(Count.ASKED),
                of(Count.WRITES),
                of(Count.STEPS));
    }
}
