package io.restripe.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.assembly.CopyAreaUse;
import io.restripe.disk.MemoryDisk;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.rule.ProblemException;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** "Clean" and other words about the data are recorded only when no member holds any of the data in its cache. */
@Timeout(120)
class CleanTest {
    private final ContainerRig rig = new ContainerRig();

    /** Data that no flush has followed; told of each metadata write that counts on some of it. */
    private static final class Caches implements ContainerRig.Watcher {
        private final ContainerRig disks;
        private final Map<Integer, Set<Long>> unflushed = new ConcurrentHashMap<>();
        private final Set<Integer> whileMarking = Collections.synchronizedSet(new TreeSet<>());
        private final AtomicInteger commits = new AtomicInteger();
        private volatile boolean watchCommits;

        Caches(ContainerRig disks) {
            this.disks = disks;
        }

        @Override
        public void written(int disk, long sector, byte[] contents) {
            if (sector < ContainerRig.MEMBER_KIB * 2) {
                unflushed
                        .computeIfAbsent(disk, d -> ConcurrentHashMap.newKeySet())
                        .add(sector);
            } else if (watchCommits) {
                commits.incrementAndGet();
                long end = saidToBeDone();
                unflushed.forEach((of, sectors) -> {
                    if (sectors.stream().anyMatch(written -> written < end)) {
                        whileMarking.add(of);
                    }
                });
            }
        }

        /** A resync that is half-way says nothing of what it goes on with meanwhile. */
        private long saidToBeDone() {
            try {
                return disks.recorded().activity() instanceof Activity.Resync resync
                        ? resync.memberSector()
                        : Long.MAX_VALUE;
            } catch (ProblemException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void flushed(int disk) {
            unflushed.remove(disk);
        }
    }

    @Test
    void an_array_is_recorded_clean_only_when_every_member_is_flushed() throws Exception {
        rig.create(Geometry.ofMd(5, 0, 3, 128)).stop();
        RunningContainer running = rig.start(
                new RunningContainer.Options(
                        false, false, false, "0.010", CopyAreaUse.ASK, Optional.empty(), UnaryOperator.identity()),
                rig.members());
        Caches caches = new Caches(rig);
        rig.watch(caches);
        rig.write(running.volume("v0"), 0, 512 * 512);
        caches.watchCommits = true;
        while (running.container().volumes().getFirst().dirty()) {
            rig.env.sleepNanos(1_000_000L);
        }
        assertThat(caches.commits.get()).isPositive();
        assertThat(caches.whileMarking).isEmpty();
        running.stop();
    }

    /** Parity that was wrong everywhere, so that the resync writes. */
    @Test
    void so_is_the_end_of_a_resync() throws Exception {
        Geometry geometry = Geometry.ofMd(5, 0, 3, 128);
        RunningContainer running = rig.create(geometry);
        running.awaitIdle(60_000_000_000L);
        ContainerRig picture = rig.snapshot(); // dirty
        running.stop();
        try (Arena arena = Arena.ofConfined()) {
            for (long row = 0; row * 128 < ContainerRig.MEMBER_KIB * 2; row++) {
                MemoryDisk damaged =
                        picture.disks.get(geometry.parityMember(row)).memory();
                damaged.write(row * 128, arena.allocate(4096, 4096));
            }
        }
        Caches caches = new Caches(picture);
        caches.watchCommits = true;
        picture.watch(caches);
        RunningContainer again = picture.start();
        assertThat(again.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(again.container().volumes().getFirst().activity()).isInstanceOf(Activity.Idle.class);
        assertThat(caches.whileMarking).isEmpty();
        again.stop();
        assertThat(picture.rowsWithWrongParity(geometry)).isZero();
    }
}
