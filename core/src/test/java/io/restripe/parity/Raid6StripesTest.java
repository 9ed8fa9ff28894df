package io.restripe.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** P and Q against stripes that real md wrote (README.md beside the vectors). */
class Raid6StripesTest {
    private static final int SAMPLE_BYTES = 32;
    private static final int BLOCK = 512;

    record Stripe(int layout, int disks, long row, int offset, int p, int q, List<Integer> data, List<Integer> powers) {
        static Stripe of(String line) {
            String[] field = line.split("\t", -1);
            return new Stripe(
                    Integer.parseInt(field[0]),
                    Integer.parseInt(field[1]),
                    Long.parseLong(field[2]),
                    Integer.parseInt(field[3]),
                    Integer.parseInt(field[4]),
                    Integer.parseInt(field[5]),
                    numbers(field[6]),
                    numbers(field[7]));
        }

        private static List<Integer> numbers(String list) {
            return Arrays.stream(list.split(",", -1)).map(Integer::valueOf).toList();
        }
    }

    private static byte[] resource(String name) {
        try (InputStream in = Raid6StripesTest.class.getResourceAsStream("/layouts/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Stripe> stripes() {
        return new String(resource("raid6-stripes.tsv"), StandardCharsets.UTF_8)
                .lines()
                .skip(1)
                .map(Stripe::of)
                .toList();
    }

    static Stream<BackEnd> backEnds() {
        return ParityTest.backEnds();
    }

    @ParameterizedTest
    @MethodSource("backEnds")
    void p_and_q_are_what_md_wrote_for_every_layout(BackEnd backEnd) {
        byte[] samples = resource("raid6-stripes.bin");
        List<Stripe> stripes = stripes();
        assertThat(stripes).hasSizeGreaterThan(200);
        try (Arena arena = Arena.ofConfined()) {
            for (Stripe stripe : stripes) {
                MemorySegment[] disks = new MemorySegment[stripe.disks()];
                for (int disk = 0; disk < disks.length; disk++) {
                    disks[disk] = sample(arena, samples, stripe.offset() + disk * SAMPLE_BYTES);
                }
                MemorySegment[] data = stripe.data().stream().map(d -> disks[d]).toArray(MemorySegment[]::new);
                int[] powers =
                        stripe.powers().stream().mapToInt(Integer::intValue).toArray();
                MemorySegment p = arena.allocate(BLOCK, BLOCK);
                MemorySegment q = arena.allocate(BLOCK, BLOCK);
                Parity.pq(backEnd, p, q, data, powers);
                assertThat(Blocks.bytes(p)).as("P of %s", stripe).isEqualTo(Blocks.bytes(disks[stripe.p()]));
                assertThat(Blocks.bytes(q)).as("Q of %s", stripe).isEqualTo(Blocks.bytes(disks[stripe.q()]));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backEnds")
    void every_loss_of_one_or_two_members_of_a_stripe_of_md_is_recovered(BackEnd backEnd) {
        byte[] samples = resource("raid6-stripes.bin");
        Set<Integer> layouts = new HashSet<>();
        for (Stripe stripe : stripes()) {
            if (stripe.row() != 0) {
                continue;
            }
            layouts.add(stripe.layout());
            for (int x = 0; x < stripe.disks(); x++) {
                for (int y = x; y < stripe.disks(); y++) {
                    loseAndRecover(backEnd, stripe, samples, x, y);
                }
            }
        }
        assertThat(layouts).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 8, 9, 10, 16, 17, 18, 19, 20);
    }

    /** Loses two disks, or one when they are the same. */
    private static void loseAndRecover(BackEnd backEnd, Stripe stripe, byte[] samples, int x, int y) {
        try (Arena arena = Arena.ofConfined()) {
            int count = stripe.data().size();
            MemorySegment[] data = new MemorySegment[count];
            boolean[] lost = new boolean[count];
            for (int i = 0; i < count; i++) {
                int disk = stripe.data().get(i);
                lost[i] = disk == x || disk == y;
                data[i] = lost[i]
                        ? arena.allocate(BLOCK, BLOCK)
                        : sample(arena, samples, stripe.offset() + disk * SAMPLE_BYTES);
            }
            boolean pLost = stripe.p() == x || stripe.p() == y;
            boolean qLost = stripe.q() == x || stripe.q() == y;
            MemorySegment p = pLost ? null : sample(arena, samples, stripe.offset() + stripe.p() * SAMPLE_BYTES);
            MemorySegment q = qLost ? null : sample(arena, samples, stripe.offset() + stripe.q() * SAMPLE_BYTES);
            int[] powers = stripe.powers().stream().mapToInt(Integer::intValue).toArray();
            Recovery.recover(backEnd, data, lost, p, q, powers);
            for (int i = 0; i < count; i++) {
                MemorySegment wanted =
                        sample(arena, samples, stripe.offset() + stripe.data().get(i) * SAMPLE_BYTES);
                assertThat(data[i].mismatch(wanted))
                        .as("data %d of %s, lost %d and %d", i, stripe, x, y)
                        .isEqualTo(-1);
            }
        }
    }

    /** The 32 bytes at an offset, over and over until the block is full. */
    private static MemorySegment sample(Arena arena, byte[] samples, int offset) {
        MemorySegment block = arena.allocate(BLOCK, BLOCK);
        for (int at = 0; at < BLOCK; at += SAMPLE_BYTES) {
            MemorySegment.copy(MemorySegment.ofArray(samples), offset, block, at, SAMPLE_BYTES);
        }
        return block;
    }
}
