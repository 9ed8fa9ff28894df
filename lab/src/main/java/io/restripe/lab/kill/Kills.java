package io.restripe.lab.kill;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A round's plan of kills: how many, of whom, and how long after the one before. */
final class Kills {
    private static final int MOST = 3;
    /** About as long as a reshape of a round takes. */
    private static final int LONGEST_MILLIS = 2500;

    private final SplittableRandom random;
    private final List<String> done = new ArrayList<>();
    private final long began;
    private int left;

    Kills(SplittableRandom random, long now) {
        this.random = random;
        this.began = now;
        this.left = 1 + random.nextInt(MOST);
    }

    boolean areLeft() {
        return left > 0;
    }

    /** Whether the next one's pause begins when everything is ready, so that it hits the reshape, or at once, so that it hits a start. */
    boolean nextHitsWork() {
        return random.nextInt(4) > 0;
    }

    /** Nanoseconds to the next one: short times are as likely as long ones. */
    long pauseNanos() {
        double millis = Math.exp(random.nextDouble() * Math.log(LONGEST_MILLIS));
        return (long) (millis * 1e6);
    }

    <T extends Enum<T>> T victim(T[] victims) {
        return victims[random.nextInt(victims.length)];
    }

    void count(String victim, long now) {
        left--;
        done.add(victim + " at " + (now - began) / 1_000_000);
    }

    List<String> done() {
        return List.copyOf(done);
    }
}
