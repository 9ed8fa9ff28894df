package io.restripe.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every back end against arithmetic done a byte at a time. */
class ParityTest {
    private static final long SEED = 20_260_101;
    private static final int[] SIZES = {512, 1536, 4608};

    static Stream<BackEnd> backEnds() {
        return BackEnds.all().stream();
    }

    static Stream<Arguments> backEndsAndCounts() {
        return backEnds()
                .flatMap(backEnd -> IntStream.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19, 28, 60)
                        .mapToObj(count -> Arguments.of(backEnd, count)));
    }

    static Stream<Arguments> backEndsAndDataCounts() {
        return backEnds()
                .flatMap(backEnd -> IntStream.rangeClosed(1, 12).mapToObj(count -> Arguments.of(backEnd, count)));
    }

    @ParameterizedTest
    @MethodSource("backEndsAndCounts")
    void xor_of_any_number_of_sources(BackEnd backEnd, int count) {
        Random random = new Random(SEED + count);
        try (Arena arena = Arena.ofConfined()) {
            for (int bytes : SIZES) {
                MemorySegment[] sources = Blocks.random(arena, random, count, bytes);
                MemorySegment target = Blocks.one(arena, random, bytes);
                byte[] wanted = Blocks.xor(sources);
                Parity.xor(backEnd, target, sources);
                assertThat(Blocks.bytes(target)).as("seed %d", SEED).isEqualTo(wanted);
                Parity.xorInto(backEnd, target, sources[0]);
                Parity.xorInto(backEnd, target, sources[0]);
                assertThat(Blocks.bytes(target)).as("seed %d", SEED).isEqualTo(wanted);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backEndsAndCounts")
    void p_and_q_of_any_number_of_data_segments_with_powers_in_any_order(BackEnd backEnd, int count) {
        Random random = new Random(SEED + count);
        try (Arena arena = Arena.ofConfined()) {
            for (int bytes : SIZES) {
                MemorySegment[] data = Blocks.random(arena, random, count, bytes);
                MemorySegment p = Blocks.one(arena, random, bytes);
                MemorySegment q = Blocks.one(arena, random, bytes);
                int[] powers = shuffledPowers(random, count, count);
                Parity.pq(backEnd, p, q, data, powers);
                assertThat(Blocks.bytes(p)).as("seed %d", SEED).isEqualTo(Blocks.xor(data));
                assertThat(Blocks.bytes(q)).as("seed %d", SEED).isEqualTo(Blocks.weighted(data, powers));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backEndsAndCounts")
    void q_with_powers_that_leave_gaps(BackEnd backEnd, int count) {
        Random random = new Random(SEED + count);
        try (Arena arena = Arena.ofConfined()) {
            for (int range : new int[] {count + 2, GaloisField.ORDER}) {
                MemorySegment[] data = Blocks.random(arena, random, count, 4608);
                MemorySegment p = Blocks.one(arena, random, 4608);
                MemorySegment q = Blocks.one(arena, random, 4608);
                int[] powers = shuffledPowers(random, count, range);
                Parity.pq(backEnd, p, q, data, powers);
                assertThat(Blocks.bytes(p)).as("seed %d", SEED).isEqualTo(Blocks.xor(data));
                assertThat(Blocks.bytes(q)).as("seed %d", SEED).isEqualTo(Blocks.weighted(data, powers));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backEnds")
    void a_delta_changes_p_and_q_as_computing_them_anew_would(BackEnd backEnd) {
        Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            for (int power : new int[] {0, 1, 2, 3, 4, 7, 8, 9, 100, 254}) {
                for (int bytes : new int[] {512, 4608}) {
                    MemorySegment delta = Blocks.one(arena, random, bytes);
                    MemorySegment p = Blocks.one(arena, random, bytes);
                    MemorySegment q = Blocks.one(arena, random, bytes);
                    byte[] wantedP = Blocks.xor(p, delta);
                    byte[] wantedQ = Blocks.weighted(new MemorySegment[] {q, delta}, new int[] {0, power});
                    Parity.addDelta(backEnd, p, q, delta, power);
                    assertThat(Blocks.bytes(p))
                            .as("seed %d, power %d", SEED, power)
                            .isEqualTo(wantedP);
                    assertThat(Blocks.bytes(q))
                            .as("seed %d, power %d", SEED, power)
                            .isEqualTo(wantedQ);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backEnds")
    void a_delta_reaches_the_parity_that_is_left(BackEnd backEnd) {
        Random random = new Random(SEED);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment delta = Blocks.one(arena, random, 4608);
            MemorySegment p = Blocks.one(arena, random, 4608);
            MemorySegment q = Blocks.one(arena, random, 4608);
            byte[] wantedP = Blocks.xor(p, delta);
            byte[] wantedQ = Blocks.weighted(new MemorySegment[] {q, delta}, new int[] {0, 3});
            Parity.addDelta(backEnd, p, null, delta, -1);
            Parity.addDelta(backEnd, null, q, delta, 3);
            assertThat(Blocks.bytes(p)).isEqualTo(wantedP);
            assertThat(Blocks.bytes(q)).isEqualTo(wantedQ);
        }
    }

    @ParameterizedTest
    @MethodSource("backEndsAndDataCounts")
    void every_loss_of_one_or_two_members_is_recovered(BackEnd backEnd, int count) {
        Random random = new Random(SEED + count);
        for (int bytes : new int[] {512, 4608}) {
            int[] powers = shuffledPowers(random, count, random.nextBoolean() ? count : count + 2);
            for (int x = 0; x < count + 2; x++) {
                for (int y = x; y < count + 2; y++) {
                    loseAndRecover(backEnd, random, count, bytes, powers, x, y);
                }
            }
        }
    }

    /** Members are the data, then P, then Q; x may equal y. */
    private static void loseAndRecover(
            BackEnd backEnd, Random random, int count, int bytes, int[] powers, int x, int y) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] data = Blocks.random(arena, random, count, bytes);
            MemorySegment p = Blocks.one(arena, random, bytes);
            MemorySegment q = Blocks.one(arena, random, bytes);
            Parity.pq(new ScalarBackEnd(), p, q, data, powers);
            List<byte[]> wanted = Arrays.stream(data).map(Blocks::bytes).toList();
            boolean[] lost = new boolean[count];
            for (int member : new int[] {x, y}) {
                if (member < count) {
                    lost[member] = true;
                    Blocks.fill(data[member], random);
                }
            }
            boolean pLost = x == count || y == count;
            boolean qLost = y == count + 1;
            Recovery.recover(backEnd, data, lost, pLost ? null : p, qLost ? null : q, qLost ? null : powers);
            for (int i = 0; i < count; i++) {
                assertThat(Blocks.bytes(data[i]))
                        .as("seed %d, %d data, lost %d and %d, data %d", SEED, count, x, y, i)
                        .isEqualTo(wanted.get(i));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backEnds")
    void a_single_bit_anywhere_is_not_zero(BackEnd backEnd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(4608, 512);
            assertThat(Parity.isZero(backEnd, block)).isTrue();
            for (long at = 0; at < block.byteSize(); at += 13) {
                block.set(ValueLayout.JAVA_BYTE, at, (byte) (1 << (at % 8)));
                assertThat(Parity.isZero(backEnd, block)).as("byte %d", at).isFalse();
                block.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
            }
        }
    }

    @Test
    void too_much_lost_is_refused_before_anything_changes() {
        try (Arena arena = Arena.ofConfined()) {
            Random random = new Random(SEED);
            MemorySegment[] data = Blocks.random(arena, random, 4, 512);
            MemorySegment p = Blocks.one(arena, random, 512);
            MemorySegment q = Blocks.one(arena, random, 512);
            List<byte[]> before = Arrays.stream(data).map(Blocks::bytes).toList();
            int[] powers = {0, 1, 2, 3};
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Parity.recover(data, new boolean[] {true, true, true, false}, p, q, powers))
                    .withMessageContaining("more than two");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Parity.recover(data, new boolean[] {true, true, false, false}, p, null, null))
                    .withMessageContaining("2 data chunks of a row are lost, 1 parity left");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Parity.recover(data, new boolean[] {true, false, false, false}, null, null, null))
                    .withMessageContaining("1 data chunks of a row are lost, 0 parity left");
            assertThat(Arrays.stream(data).map(Blocks::bytes))
                    .zipSatisfy(before, (a, b) -> assertThat(a).isEqualTo(b));
        }
    }

    @Test
    void operands_that_do_not_fit_are_refused() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(1024, 512);
            MemorySegment half = arena.allocate(512, 512);
            MemorySegment odd = arena.allocate(520, 512);
            MemorySegment heap = MemorySegment.ofArray(new byte[1024]);
            MemorySegment[] none = {};
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xor(block, none));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xorInto(block, half));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xorInto(odd, odd.asReadOnly()));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xorInto(block, heap));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xorInto(heap, block));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xorInto(block.asReadOnly(), half));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.xorInto(block, block));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Parity.xorInto(block.asSlice(0, 512), block.asSlice(256, 512)));
            MemorySegment[] two = {arena.allocate(512), arena.allocate(512)};
            MemorySegment p = arena.allocate(512);
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.pq(p, half, two, new int[] {0}));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.pq(p, half, two, new int[] {1, 1}));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.pq(p, half, two, new int[] {0, 255}));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.pq(p, p, two, new int[] {0, 1}));
            assertThatIllegalArgumentException().isThrownBy(() -> Parity.addDelta(p, half, two[0], 255));
        }
    }

    @Test
    void memory_of_a_closed_arena_is_refused() {
        MemorySegment gone;
        try (Arena arena = Arena.ofConfined()) {
            gone = arena.allocate(512, 512);
        }
        assertThatThrownBy(() -> Parity.isZero(gone)).isInstanceOf(IllegalStateException.class);
    }

    /** Different powers below {@code range}. */
    private static int[] shuffledPowers(Random random, int count, int range) {
        List<Integer> all = new ArrayList<>(IntStream.range(0, range).boxed().toList());
        Collections.shuffle(all, random);
        return all.stream().limit(count).mapToInt(Integer::intValue).toArray();
    }
}
