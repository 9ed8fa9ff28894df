package io.restripe.lab.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A thread of a simulation. Its fields belong to whoever holds the baton; only {@link #granted} is touched from two sides. */
final class SimThread {
    final int id;
    final String name;
    final SimProcess process;
    final List<SimLock> held = new ArrayList<>();
    final List<SimThread> joiners = new ArrayList<>();
    Thread thread;
    private volatile boolean granted;

    /** What it waits for; null while it can run. */
    String waitsFor;
    /** Grows with every wait, so that the timer of an earlier wait is known as stale. */
    long waitNumber;

    boolean timedOut;
    boolean killed;
    boolean ended;
    int callsAfterKill;
    Throwable failure;
    boolean failureTaken;

    SimThread(int id, String name, SimProcess process) {
        this.id = id;
        this.name = name;
        this.process = process;
    }

    void grant() {
        granted = true;
        LockSupport.unpark(thread);
    }

    void awaitGrant() {
        while (!granted) {
            LockSupport.park(this);
        }
        granted = false;
    }

    @Override
    public String toString() {
        return name + "#" + id + "[" + process.name() + "]";
    }
}
