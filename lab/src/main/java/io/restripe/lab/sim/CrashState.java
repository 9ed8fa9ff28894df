package io.restripe.lab.sim;

import io.restripe.disk.MemoryDisk;
import java.util.List;

/**
 * What a power cut could have left behind.
 *
 * @param id names it among the states of its trace, for {@link CrashStates#one}
 * @param prefix how many events of the trace had happened
 * @param disks the disks; they are the visitor's own
 * @param description in words
 */
public record CrashState(String id, int prefix, List<MemoryDisk> disks, String description) {}
