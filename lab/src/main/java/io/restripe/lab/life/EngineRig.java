package io.restripe.lab.life;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.lab.sim.SimDisk;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimMachine;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A small RAID5 on simulated disks, with a monitor that agrees to everything and records nothing. */
final class EngineRig {
    /** Sectors. */
    static final int CHUNK = 8;

    private static final long COMPONENT = 256;
    private static final int MOST_TURNS = 1000;

    private final SimEnv sim;
    private final boolean grows;
    private final List<SimDisk> disks = new ArrayList<>();
    private final EmbeddedArray array;
    private final Signal wake;
    private boolean ends;
    private Env.Worker monitor;

    /** @param grows from 3 to 4 disks; else its chunk doubles, and each step overwrites what it reads */
    EngineRig(SimEnv sim, boolean grows) {
        this.sim = sim;
        this.grows = grows;
        this.wake = new Signal(sim);
        SimMachine machine = new SimMachine(sim);
        for (int i = 0; i < (grows ? 4 : 3); i++) {
            disks.add(machine.disk("d" + i, new MemoryDisk("d" + i, COMPONENT)));
        }
        this.array = new EmbeddedArray(sim, "c/v", name -> disks.get(Integer.parseInt(name.substring(1))));
    }

    EmbeddedArray array() {
        return array;
    }

    List<SimDisk> disks() {
        return disks;
    }

    /** Member sectors. */
    long component() {
        return COMPONENT;
    }

    /** Before the reshape. */
    long arraySectors() {
        return COMPONENT * 2;
    }

    int dataAfter() {
        return grows ? 3 : 2;
    }

    /** Member sectors of one step of the reshape; in a grow its end cuts an old row. */
    long step() {
        return grows ? CHUNK : CHUNK * 2L;
    }

    void start() throws AttributeException {
        array.write(Attribute.METADATA_VERSION, "external:/c/0");
        array.write(Attribute.LEVEL, "raid5");
        array.write(Attribute.RAID_DISKS, "3");
        array.write(Attribute.CHUNK_SIZE, Integer.toString(CHUNK * Units.SECTOR_BYTES));
        array.write(Attribute.LAYOUT, "0");
        array.write(Attribute.COMPONENT_SIZE, Long.toString(COMPONENT / Units.SECTORS_PER_KIB));
        array.write(Attribute.ARRAY_SIZE, Long.toString(arraySectors() / Units.SECTORS_PER_KIB));
        array.write(Attribute.RESYNC_START, "none");
        for (int slot = 0; slot < 3; slot++) {
            add(slot);
        }
        array.write(Attribute.ARRAY_STATE, "readonly");
        array.write(Attribute.ARRAY_STATE, "active");
        array.subscribe(wake::raise);
        monitor = sim.start("monitor", this::agree);
    }

    private void add(int slot) throws AttributeException {
        String member = "d" + slot;
        array.addMember(member);
        array.write(member, MemberAttribute.OFFSET, "0");
        array.write(member, MemberAttribute.SIZE, Long.toString(COMPONENT / Units.SECTORS_PER_KIB));
        array.write(member, MemberAttribute.SLOT, Integer.toString(slot));
    }

    /** The reshape begins, and may not relocate anything yet. */
    void begin() throws AttributeException {
        array.write(Attribute.SYNC_ACTION, "frozen");
        if (grows) {
            array.write(Attribute.RAID_DISKS, "4");
            add(3);
        } else {
            array.write(Attribute.CHUNK_SIZE, Integer.toString(2 * CHUNK * Units.SECTOR_BYTES));
        }
        array.write(Attribute.SYNC_MAX, "0");
        array.write(Attribute.SYNC_ACTION, "reshape");
    }

    void await(Signal signal, Attribute attribute, String text) throws AttributeException {
        for (int turn = 0; !array.read(attribute).equals(text); turn++) {
            if (turn == MOST_TURNS) {
                throw new IllegalStateException(
                        "waits for " + attribute + "=" + text + ", it is " + array.read(attribute) + ", " + this);
            }
            signal.await(1_000_000_000L);
        }
    }

    void stop() {
        ends = true;
        wake.raise();
        monitor.join();
        array.close();
    }

    private void agree() {
        Set<String> recorded = new HashSet<>();
        while (!ends) {
            try {
                String state = array.read(Attribute.ARRAY_STATE);
                if (state.equals("write-pending")) {
                    array.write(Attribute.ARRAY_STATE, "active");
                } else if (state.equals("active-idle")) {
                    array.write(Attribute.ARRAY_STATE, "clean");
                }
                for (String member : array.members().stream().sorted().toList()) {
                    if (array.read(member, MemberAttribute.STATE).contains("faulty") && recorded.add(member)) {
                        array.write(member, MemberAttribute.STATE, "-blocked");
                    }
                }
            } catch (AttributeException e) {
                if (e.errno() != Errno.EBUSY) {
                    throw new IllegalStateException(e);
                }
            }
            wake.await(5_000_000_000L);
        }
    }

    @Override
    public String toString() {
        return grows ? "RAID5 3 to 4" : "RAID5 chunk " + CHUNK + " to " + 2 * CHUNK + " sectors";
    }
}
