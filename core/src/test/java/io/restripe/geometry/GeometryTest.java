package io.restripe.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold for any geometry, on geometries drawn from a seed. */
class GeometryTest {
    private static final long SEED = 8_123;
    private static final int DRAWN = 60;

    /** Chunks looked at of one geometry: three full turns of the rotation of the usual ones. */
    private static final long MOST_CHUNKS = 500;

    /** Farther than any disk: positions must not wrap (R11). */
    private static final long FAR_ROW = 1L << 40;

    static Stream<Geometry> geometries() {
        Random random = new Random(SEED);
        return IntStream.range(0, DRAWN).mapToObj(i -> draw(random));
    }

    private static Geometry draw(Random random) {
        int chunk = random.nextBoolean() ? 8 << random.nextInt(6) : 1 + random.nextInt(50);
        int members = 4 + random.nextInt(random.nextInt(10) == 0 ? 252 : 9);
        List<Rotation> rotations = List.of(Rotation.values());
        Rotation rotation = rotations.get(random.nextInt(rotations.size()));
        Level level = switch (random.nextInt(8)) {
            case 0 -> new Level.Striped();
            case 1 -> new Level.Mirrored();
            case 2 -> new Level.Parity(4, Rotation.PARITY_LAST);
            case 3, 4 -> new Level.Parity(5, rotation);
            case 5, 6 -> new Level.Parity(6, rotation);
            default -> new Level.Near(1 + random.nextInt(4));
        };
        return new Geometry(level, members, chunk);
    }

    private record Spot(int member, long memberSector) {}

    @ParameterizedTest
    @MethodSource("geometries")
    void every_member_sector_holds_at_most_one_array_sector_and_says_which(Geometry geometry) {
        for (long firstRow : new long[] {0, FAR_ROW}) {
            long start = firstRow * geometry.rowSectors();
            long chunks = Math.min(MOST_CHUNKS, 3L * geometry.members() * geometry.dataMembers());
            Map<Spot, Long> held = new HashMap<>();
            for (long chunk = 0; chunk < chunks; chunk++) {
                long arraySector = start + chunk * geometry.chunkSectors();
                geometry.forEachPiece(arraySector, geometry.chunkSectors(), (first, firstSector, sectors, offset) -> {
                    for (int copy = 0; copy < geometry.copies(); copy++) {
                        int member = geometry.memberOfCopy(first, copy);
                        long memberSector = geometry.sectorOfCopy(first, firstSector, copy);
                        assertThat(member).as("seed %d", SEED).isBetween(0, geometry.members() - 1);
                        assertThat(held.put(new Spot(member, memberSector), arraySector + offset))
                                .as("seed %d: what %d at sector %d held before", SEED, member, memberSector)
                                .isNull();
                        assertThat(geometry.arraySectorOf(member, memberSector + sectors - 1))
                                .as("seed %d", SEED)
                                .isEqualTo(arraySector + offset + sectors - 1);
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void the_pieces_of_a_request_cover_it_once_in_order_and_never_cross_a_chunk(Geometry geometry) {
        Random random = new Random(SEED);
        for (int i = 0; i < 40; i++) {
            long start = random.nextLong(1L << (10 + random.nextInt(40)));
            long sectors = 1L + random.nextInt(6 * geometry.chunkSectors());
            long[] covered = {0};
            geometry.forEachPiece(start, sectors, (member, memberSector, length, offset) -> {
                assertThat(offset).as("seed %d", SEED).isEqualTo(covered[0]);
                assertThat(length).isPositive();
                assertThat(memberSector / geometry.chunkSectors())
                        .isEqualTo((memberSector + length - 1) / geometry.chunkSectors());
                assertThat(geometry.arraySectorOf(member, memberSector)).isEqualTo(start + offset);
                covered[0] += length;
            });
            assertThat(covered[0]).as("seed %d", SEED).isEqualTo(sectors);
        }
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void a_row_of_a_parity_level_is_data_and_parity_on_every_member_once(Geometry geometry) {
        if (geometry.parityMembers() == 0) {
            assertThat(geometry.parityMember(0)).isEqualTo(-1);
            assertThat(geometry.qMember(0)).isEqualTo(-1);
            return;
        }
        for (long row = FAR_ROW; row < FAR_ROW + geometry.members(); row++) {
            Set<Integer> used = new HashSet<>();
            Set<Integer> powers = new HashSet<>();
            used.add(geometry.parityMember(row));
            if (geometry.parityMembers() == 2) {
                used.add(geometry.qMember(row));
            }
            for (int index = 0; index < geometry.dataMembers(); index++) {
                int member = geometry.memberOfData(row, index);
                assertThat(geometry.dataIndex(row, member)).as("seed %d", SEED).isEqualTo(index);
                used.add(member);
                if (geometry.parityMembers() == 2) {
                    powers.add(geometry.qPower(row, index));
                }
            }
            assertThat(used)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, geometry.members()).boxed().toList());
            assertThat(powers.size()).isEqualTo(geometry.parityMembers() == 2 ? geometry.dataMembers() : 0);
            assertThat(powers).allMatch(power -> power >= 0 && power < geometry.dataMembers());
        }
    }

    @ParameterizedTest
    @MethodSource("geometries")
    void what_the_array_offers_fits_on_its_members_and_wastes_less_than_a_row(Geometry geometry) {
        Random random = new Random(SEED);
        for (int i = 0; i < 20; i++) {
            long component = geometry.chunkSectors() + random.nextLong(1L << (10 + random.nextInt(40)));
            long end = geometry.arraySectors(component);
            List<Long> lastSectors = new ArrayList<>();
            geometry.forEachPiece(end - 1, 1, (first, firstSector, sectors, offset) -> {
                for (int copy = 0; copy < geometry.copies(); copy++) {
                    lastSectors.add(geometry.sectorOfCopy(first, firstSector, copy));
                }
            });
            assertThat(lastSectors).as("seed %d, component %d", SEED, component).allMatch(at -> at < component);
            long used = end / geometry.chunkSectors() * geometry.copies();
            long full = component / geometry.chunkSectors() * (geometry.members() - geometry.parityMembers());
            assertThat(full - used).as("seed %d, component %d", SEED, component).isLessThan(geometry.members());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 3, 3, 0, 1",
        "1, 0, 3, 1, 2, 3",
        "4, 5, 4, 3, 1, 1",
        "5, 2, 4, 3, 1, 1",
        "6, 2, 6, 4, 2, 1",
        "10, 258, 4, 2, 1, 2",
        "10, 259, 7, 2, 2, 3"
    })
    void levels_know_their_data_members_redundancy_and_copies(
            int level, int layout, int members, int dataMembers, int redundancy, int copies) {
        Geometry geometry = Geometry.ofMd(level, layout, members, 128);
        assertThat(geometry.mdLevel()).isEqualTo(level);
        assertThat(geometry.mdLayout()).isEqualTo(layout);
        assertThat(geometry.dataMembers()).isEqualTo(dataMembers);
        assertThat(geometry.redundancy()).isEqualTo(redundancy);
        assertThat(geometry.copies()).isEqualTo(copies);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0",
        "1, 0, 0",
        "5, 2, 1",
        "6, 2, 3",
        "6, 2, 256",
        "10, 258, 1",
        "10, 256, 4",
        "3, 0, 4",
        "5, 6, 4"
    })
    void shapes_that_do_not_exist_are_refused(int level, int layout, int members) {
        assertThatIllegalArgumentException().isThrownBy(() -> Geometry.ofMd(level, layout, members, 128));
    }

    @Test
    void a_chunk_without_sectors_is_refused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Geometry.ofMd(0, 0, 2, 0));
    }
}
