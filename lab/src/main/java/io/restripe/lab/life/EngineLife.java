package io.restripe.lab.life;

import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.Signal;
import io.restripe.lab.sim.SimDisk;
import io.restripe.lab.sim.SimEnv;
import io.restripe.lab.sim.SimOptions;
import io.restripe.parity.Parity;
import io.restripe.unit.SectorRange;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The embedded array alone, relocating in small steps under users that crowd around the step that is under way, in an order of threads
 * that the seed draws. Users share rows, and chunks, but no sector. A member may die half-way. At the end every sector holds what was
 * written last, and, when all members live, every row's parity is right.
 */
public final class EngineLife {
    private static final int USERS = 4;
    private static final int REQUESTS = 80;
    private static final int MOST_SECTORS = 40;
    private static final long FAST_DISK_NANOS = 3_000;
    /** So slow that members are asked together. */
    private static final long SLOW_DISK_NANOS = 50_000;

    /** Steps after which a position counts as recorded where writes before it are let through. */
    private static final int RECORDED_EVERY = 3;

    private final long seed;
    private final boolean dies;
    /** Writes into the step that is under way are not held where they need not be. */
    private final boolean letsThrough;

    private final SplittableRandom random;
    private final SimEnv sim;
    private final EngineRig rig;
    private final byte[] model;
    /** What is being relocated. */
    private SectorRange window = new SectorRange(0, 0);

    private EngineLife(SimEnv sim, long seed, boolean dies) {
        this.sim = sim;
        this.seed = seed;
        this.dies = dies;
        this.letsThrough = seed % 2 != 0;
        this.random = new SplittableRandom(seed);
        this.rig = new EngineRig(sim, random.nextBoolean());
        this.model = new byte[Math.toIntExact(rig.arraySectors())];
    }

    /**
     * Lives it.
     *
     * @param dies whether a member does
     * @throws IllegalStateException when something was wrong; the seed shows it again
     */
    public static void run(long seed, boolean dies) {
        SimEnv sim = new SimEnv(SimOptions.seeded(seed).withSwitchPercent(30).withMaxSteps(2_000_000));
        sim.run(() -> {
            try {
                new EngineLife(sim, seed, dies).live();
            } catch (AttributeException | DiskException e) {
                throw new IllegalStateException("seed " + seed + ": " + e.getMessage(), e);
            }
        });
    }

    private void live() throws AttributeException, DiskException {
        rig.start();
        rig.disks().forEach(disk -> disk.slow(seed % 4 < 2 ? FAST_DISK_NANOS : SLOW_DISK_NANOS));
        List<Env.Worker> users = new ArrayList<>();
        for (int u = 0; u < USERS; u++) {
            int user = u;
            SplittableRandom own = random.split();
            users.add(sim.start("user" + user, () -> use(user, own)));
        }
        relocate();
        users.forEach(Env.Worker::join);
        everythingIsThere();
        rig.stop();
        if (!dies) {
            parityIsRight();
        }
    }

    private void relocate() throws AttributeException {
        long diesAt = random.nextLong(rig.component());
        SimDisk victim = rig.disks().get(random.nextInt(rig.disks().size()));
        EmbeddedArray array = rig.array();
        Signal wake = new Signal(sim);
        Runnable end = array.subscribe(wake::raise);
        rig.begin();
        array.write(Attribute.WRITE_THROUGH, letsThrough ? "50" : "0");
        long from = 0;
        for (long device = rig.step(); device < rig.component(); device += rig.step()) {
            window = new SectorRange(from * rig.dataAfter(), device * rig.dataAfter());
            array.write(Attribute.SUSPEND_HI, Long.toString(window.end()));
            array.write(Attribute.SYNC_MAX, Long.toString(device));
            if (dies && device >= diesAt) {
                victim.die();
            }
            rig.await(wake, Attribute.SYNC_COMPLETED, device + " / " + rig.component());
            if (!letsThrough || device / rig.step() % RECORDED_EVERY == 0) {
                array.write(Attribute.SUSPEND_LO, Long.toString(window.end()));
            }
            from = device;
        }
        window = new SectorRange(0, 0);
        array.write(Attribute.SYNC_MAX, "max");
        rig.await(wake, Attribute.RESHAPE_POSITION, "none");
        array.write(Attribute.SUSPEND_HI, "0");
        end.run();
    }

    /** Sectors are dealt out in turn, shifted from chunk to chunk: what shares a parity sector has different owners too. */
    private static boolean owns(int user, long sector) {
        return (sector + sector / EngineRig.CHUNK) % USERS == user;
    }

    private void use(int user, SplittableRandom own) {
        try {
            for (int i = 0; i < REQUESTS; i++) {
                if (own.nextInt(3) > 0) {
                    write(own, ownSector(user, place(own)));
                } else {
                    read(user, place(own), 1 + own.nextInt(MOST_SECTORS));
                }
            }
        } catch (DiskException e) {
            throw new IllegalStateException("seed " + seed + ": " + e.getMessage(), e);
        }
    }

    private long place(SplittableRandom own) {
        SectorRange near = window;
        long at = near.isEmpty() || own.nextInt(4) == 0
                ? own.nextLong(model.length)
                : near.start() - near.length() / 2 + own.nextLong(2 * near.length());
        return Math.clamp(at, 0, model.length - 1);
    }

    private long ownSector(int user, long at) {
        long sector = at - at % USERS;
        while (!owns(user, sector)) {
            sector++;
        }
        return sector;
    }

    private void write(SplittableRandom own, long sector) throws DiskException {
        MemorySegment buffer = Buffers.allocate(1);
        byte value = (byte) own.nextInt(256);
        buffer.fill(value);
        rig.array().disk().write(sector, buffer);
        model[Math.toIntExact(sector)] = value;
    }

    private void read(int user, long from, int sectors) throws DiskException {
        long count = Math.min(sectors, model.length - from);
        MemorySegment buffer = Buffers.allocate(count);
        rig.array().disk().read(from, buffer);
        for (long s = from; s < from + count; s++) {
            if (owns(user, s)) {
                compare(s, buffer, s - from);
            }
        }
    }

    private void compare(long sector, MemorySegment buffer, long index) {
        MemorySegment expected = Buffers.allocate(1);
        expected.fill(model[Math.toIntExact(sector)]);
        MemorySegment found = buffer.asSlice(Units.bytesOfSectors(index), Units.SECTOR_BYTES);
        if (found.mismatch(expected) >= 0) {
            throw new IllegalStateException("seed " + seed + ": sector " + sector
                    + " is not what was written last, window " + window + ", " + rig);
        }
    }

    private void everythingIsThere() throws DiskException {
        MemorySegment all = Buffers.allocate(model.length);
        rig.array().disk().read(0, all);
        for (int sector = 0; sector < model.length; sector++) {
            compare(sector, all, sector);
        }
    }

    private void parityIsRight() throws DiskException {
        MemorySegment sum = Buffers.allocate(rig.component());
        for (SimDisk disk : rig.disks()) {
            MemoryDisk image = disk.contents();
            MemorySegment one = Buffers.allocate(rig.component());
            image.read(0, one);
            Parity.xorInto(sum, one);
        }
        long wrong = sum.mismatch(Buffers.allocate(rig.component()));
        if (wrong >= 0) {
            throw new IllegalStateException("seed " + seed + ": parity is wrong at member sector "
                    + Units.sectorsOfBytesFloor(wrong) + ", " + rig);
        }
    }
}
