package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.env.SystemEnv;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ScratchTest {
    private static final long MIB = 1024 * Units.SECTORS_PER_KIB;

    private final Scratch scratch = new Scratch(new SystemEnv());

    @Test
    void a_buffer_is_as_large_as_asked_and_little_larger() {
        Random random = new Random(5);
        for (int i = 0; i < 2000; i++) {
            long sectors = i < 70 ? i + 1 : 1 + random.nextInt(20_000);
            MemorySegment buffer = scratch.take(sectors);
            assertThat(buffer.byteSize())
                    .isBetween(
                            Units.bytesOfSectors(sectors),
                            Units.bytesOfSectors(sectors + Math.max(0, (sectors - 1) / 4)));
            scratch.give(buffer);
            MemorySegment again = scratch.take(sectors);
            assertThat(again.byteSize()).isEqualTo(buffer.byteSize());
            scratch.give(again);
        }
    }

    /** RAID6 from 4 to 5 disks, 4 MiB of the array at a time, and the rows that the window shares with others. */
    @Test
    void the_windows_of_a_reshape_go_on_with_the_same_memory() {
        List<Long> sizes = new ArrayList<>();
        for (int slot = 0; slot < 4; slot++) {
            sizes.add(2 * MIB + 256);
        }
        for (int slot = 0; slot < 5; slot++) {
            sizes.add(4 * MIB / 3);
        }
        List<Long> first = window(sizes);
        for (int i = 0; i < 10; i++) {
            assertThat(window(sizes)).containsExactlyInAnyOrderElementsOf(first);
        }
    }

    /** Users write for a while, then nobody but the reshape is there. */
    @Test
    void what_is_not_taken_any_more_makes_room_for_what_is() {
        List<MemorySegment> taken = new ArrayList<>();
        for (int i = 1; i < 60; i++) {
            taken.add(scratch.take(i * MIB / 50));
        }
        taken.forEach(scratch::give);
        assertThat(scratch.idleSectors()).isGreaterThan(Scratch.IDLE_SECTORS);
        List<Long> sizes = Collections.nCopies(8, 3 * MIB / 2 + 1);
        window(sizes);
        assertThat(window(sizes)).containsExactlyInAnyOrderElementsOf(window(sizes));
        assertThat(scratch.idleSectors()).isLessThanOrEqualTo(Scratch.KEPT_SECTORS);
    }

    private List<Long> window(List<Long> sizes) {
        List<MemorySegment> taken = sizes.stream().map(scratch::take).toList();
        taken.forEach(scratch::give);
        return taken.stream().map(MemorySegment::address).toList();
    }

    @Test
    void what_is_idle_is_bounded() {
        for (long size : new long[] {MIB, 3 * MIB, 100}) {
            List<MemorySegment> taken = new ArrayList<>();
            while (taken.size() * size < 60 * MIB && taken.size() < 2000) {
                taken.add(scratch.take(size));
            }
            for (MemorySegment buffer : taken) {
                scratch.give(buffer);
                assertThat(scratch.idleSectors()).isLessThanOrEqualTo(Scratch.KEPT_SECTORS);
            }
        }
    }

    /** Or what lies idle would stand in the way of what is allocated. */
    @Test
    void idle_memory_of_other_sizes_goes_when_much_is_taken() {
        window(Collections.nCopies(32, MIB));
        assertThat(scratch.idleSectors()).isEqualTo(Scratch.KEPT_SECTORS);
        List<MemorySegment> taken = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            taken.add(scratch.take(2 * MIB));
        }
        assertThat(scratch.idleSectors()).isEqualTo(Scratch.IDLE_SECTORS);
        taken.forEach(scratch::give);
    }

    @Test
    void a_huge_buffer_takes_the_place_of_no_other() {
        List<Long> sizes = Collections.nCopies(16, MIB);
        List<Long> first = window(sizes);
        window(List.of(Scratch.IDLE_SECTORS + 1));
        assertThat(window(sizes)).containsExactlyInAnyOrderElementsOf(first);
    }

    @Test
    void while_much_is_out_less_is_idle() {
        List<MemorySegment> taken = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            taken.add(scratch.take(MIB));
        }
        for (int i = 0; i < 30; i++) {
            scratch.give(taken.get(i));
        }
        assertThat(scratch.idleSectors()).isEqualTo(Scratch.IDLE_SECTORS);
    }
}
