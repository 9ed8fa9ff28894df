package io.restripe.lab.sim;

import io.restripe.disk.MemoryDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Disks with one power supply. Counts the operations of all of them, can cut the power after any, and tells a {@link Recorder} of each
 * write and flush. After a cut no disk does anything any more; {@link #remains} has what they hold.
 */
public final class SimMachine {
    private final SimEnv env;
    private final List<SimDisk> disks = new ArrayList<>();
    private Recorder recorder;
    private long operations;
    private long writes;
    private long cutAfter = Long.MAX_VALUE;
    private final boolean caches;
    private boolean powerless;

    public SimMachine(SimEnv env) {
        this(env, true);
    }

    /** @param caches whether its disks have volatile caches; without, every write is durable at once, and much cheaper */
    public SimMachine(SimEnv env, boolean caches) {
        this.env = env;
        this.caches = caches;
    }

    boolean hasCaches() {
        return caches;
    }

    SimEnv env() {
        return env;
    }

    /** A disk that begins with these contents, all of them durable. */
    public SimDisk disk(String name, MemoryDisk contents) {
        SimDisk created = new SimDisk(this, disks.size(), name, contents);
        disks.add(created);
        return created;
    }

    public List<SimDisk> disks() {
        return List.copyOf(disks);
    }

    /** Operations of all disks so far. */
    public long operations() {
        return operations;
    }

    /** The power fails when so many operations have been done in all: {@link #operations} and more. */
    public void cutPowerAfter(long operation) {
        cutAfter = operation;
    }

    /** The power fails: every process dies, no disk answers. Does not return to a thread that dies. */
    public void cutPower() {
        powerless = true;
        env.killMachine();
    }

    public boolean isPowerless() {
        return powerless;
    }

    /** What each disk holds after a power cut, as fate decides about every write that was not flushed. */
    public List<MemoryDisk> remains(RandomGenerator fate) {
        return disks.stream().map(disk -> disk.powerCut(fate)).toList();
    }

    /** From now on this recorder is told of everything. What the disks hold now is where its trace begins, taken as durable. */
    public void record(Recorder by) {
        by.begin(disks.stream().map(SimDisk::contents).toList());
        recorder = by;
    }

    /** Before an operation: others may run, and this may be the one that never happens. */
    void before(SimDisk disk, Op op) {
        env.scheduler().step(op, disk.index());
        if (operations >= cutAfter && !powerless) {
            cutPower();
        }
        operations++;
    }

    long nextWrite() {
        return ++writes;
    }

    Recorder recorder() {
        return recorder;
    }
}
