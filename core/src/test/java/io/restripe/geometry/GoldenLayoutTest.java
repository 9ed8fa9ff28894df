package io.restripe.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.restripe.geometry.GoldenTable.Line;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every chunk where real md put it, forwards and back. */
class GoldenLayoutTest {
    /** Chunks of a member of every RAID10 in the table. */
    private static final int RAID10_COMPONENT_CHUNKS = 13;

    /** Layouts of RAID6 in the table that the product refuses: DDF's, and RAID5 with a Q member appended. */
    private static final Set<Integer> RAID6_REFUSED = Set.of(8, 9, 10, 16, 17, 18, 19, 20);

    /** Layouts of RAID10 in the table that the product refuses: f2, f3, f4, o2, o3, o4, n2f2, n3f2, n2f3, n2o2, n3o2, n2o3 and far sets. */
    private static final Set<Integer> RAID10_REFUSED = Set.of(
            513, 769, 1025, 66049, 66305, 66561, 514, 515, 770, 66050, 66051, 66306, //
            131585, 262657, 262658, 262913, 328193, 328194, 328449);

    /** Member sizes (KiB) of RAID0s in the table that have zones, which the product has not: every one in layouts 1 and 2. */
    private static final List<String> RAID0_WITH_ZONES = List.of(
            "100,164,164",
            "64,72,72",
            "84,120,156",
            "64,128,128",
            "64,96,128",
            "48,60,132,132",
            "128,64,96,64",
            "64,128,192,256,256");

    /** Where the product says that a whole array chunk starts. */
    private record Place(int member, long memberSector) {}

    private static Place placeOf(Geometry geometry, long arrayChunk) {
        List<Place> places = new ArrayList<>();
        geometry.forEachPiece(
                arrayChunk * geometry.chunkSectors(),
                geometry.chunkSectors(),
                (member, memberSector, sectors, offset) -> {
                    assertThat(sectors).isEqualTo(geometry.chunkSectors());
                    assertThat(offset).isZero();
                    places.add(new Place(member, memberSector));
                });
        assertThat(places).hasSize(1);
        return places.getFirst();
    }

    private static Geometry geometryOf(Line line) {
        return Geometry.ofMd(
                line.number("level"), line.number("layout"), line.number("disks"), line.number("chunk_sectors"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"raid4.tsv", "raid5.tsv", "raid6.tsv"})
    void parity_levels_place_data_and_parity_as_md_does(String table) {
        int checked = 0;
        for (Line line : GoldenTable.lines(table)) {
            if (line.number("level") == 6 && RAID6_REFUSED.contains(line.number("layout"))) {
                continue;
            }
            Geometry geometry = geometryOf(line);
            int member = line.number("device");
            long row = line.number("device_chunk");
            long memberSector = row * geometry.chunkSectors();
            switch (line.kind()) {
                case 'D' -> checkData(geometry, line, member, row);
                case 'P' ->
                    assertThat(geometry.parityMember(row)).as("%s", line).isEqualTo(member);
                case 'Q' -> assertThat(geometry.qMember(row)).as("%s", line).isEqualTo(member);
                default -> throw new IllegalArgumentException("token of " + line);
            }
            if (line.kind() != 'D') {
                assertThat(geometry.dataIndex(row, member)).as("%s", line).isEqualTo(-1);
                assertThat(geometry.arraySectorOf(member, memberSector))
                        .as("%s", line)
                        .isEqualTo(-1);
            }
            checked++;
        }
        int wanted = switch (table) {
            case "raid4.tsv" -> 48;
            case "raid5.tsv" -> 6 * 270;
            default -> 6 * 380;
        };
        assertThat(checked).isEqualTo(wanted);
    }

    private static void checkData(Geometry geometry, Line line, int member, long row) {
        int chunk = geometry.chunkSectors();
        long arrayChunk = line.number("array_chunk");
        int index = Math.toIntExact(arrayChunk % geometry.dataMembers());
        assertThat(placeOf(geometry, arrayChunk)).as("%s", line).isEqualTo(new Place(member, row * chunk));
        assertThat(geometry.memberOfData(row, index)).as("%s", line).isEqualTo(member);
        assertThat(geometry.dataIndex(row, member)).as("%s", line).isEqualTo(index);
        assertThat(geometry.arraySectorOf(member, row * chunk + chunk - 1))
                .as("%s", line)
                .isEqualTo(arrayChunk * chunk + chunk - 1);
        if (geometry.mdLevel() == 6) {
            assertThat(geometry.qPower(row, index)).as("%s", line).isEqualTo(line.number("q_power"));
        }
    }

    @Test
    void raid6_stripes_of_md_have_these_parity_members_and_powers() {
        int checked = 0;
        for (Line line : GoldenTable.lines("raid6-stripes.tsv")) {
            if (RAID6_REFUSED.contains(line.number("layout"))) {
                continue;
            }
            Geometry geometry = Geometry.ofMd(6, line.number("layout"), line.number("disks"), 8);
            long row = line.number("row");
            assertThat(geometry.parityMember(row)).as("%s", line).isEqualTo(line.number("p_disk"));
            assertThat(geometry.qMember(row)).as("%s", line).isEqualTo(line.number("q_disk"));
            int[] disks = numbers(line.text("data_disks"));
            int[] powers = numbers(line.text("q_powers"));
            assertThat(disks).hasSize(geometry.dataMembers());
            for (int index = 0; index < disks.length; index++) {
                assertThat(geometry.memberOfData(row, index)).as("%s", line).isEqualTo(disks[index]);
                assertThat(geometry.qPower(row, index)).as("%s", line).isEqualTo(powers[index]);
            }
            checked++;
        }
        assertThat(checked).isGreaterThan(100);
    }

    private static int[] numbers(String list) {
        return Arrays.stream(list.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    }

    @Test
    void raid0_of_equal_members_is_placed_as_md_does() {
        Set<String> zoned = new HashSet<>();
        Set<String> equal = new HashSet<>();
        for (Line line : GoldenTable.lines("raid0.tsv")) {
            String sizes = line.text("member_sizes_kib");
            if (RAID0_WITH_ZONES.contains(sizes)) {
                zoned.add(line.text("layout") + " " + sizes);
                continue;
            }
            equal.add(line.text("layout") + " " + sizes);
            Geometry geometry = geometryOf(line);
            int chunk = geometry.chunkSectors();
            assertThat(line.kind()).as("%s", line).isEqualTo('D');
            long arrayChunk = line.number("array_chunk");
            Place place = new Place(line.number("device"), (long) line.number("device_chunk") * chunk);
            assertThat(placeOf(geometry, arrayChunk)).as("%s", line).isEqualTo(place);
            assertThat(geometry.arraySectorOf(place.member(), place.memberSector()))
                    .as("%s", line)
                    .isEqualTo(arrayChunk * chunk);
            long component = (long) numbers(sizes)[0] * Units.SECTORS_PER_KIB;
            assertThat(arrayChunk * chunk).as("%s", line).isLessThan(geometry.arraySectors(component));
        }
        assertThat(equal)
                .containsExactlyInAnyOrder(
                        "1 64", "2 64", "1 64,64", "2 64,64", "1 64,64,64", "2 64,64,64", "1 96,96,96", "2 96,96,96");
        assertThat(zoned).as("configurations left out").hasSize(2 * RAID0_WITH_ZONES.size());
    }

    @Test
    void raid1_holds_everything_everywhere() {
        for (Line line : GoldenTable.lines("raid1.tsv")) {
            Geometry geometry = geometryOf(line);
            int chunk = geometry.chunkSectors();
            long arrayChunk = line.number("array_chunk");
            Place first = placeOf(geometry, arrayChunk);
            int copy = line.number("device");
            long memberSector = (long) line.number("device_chunk") * chunk;
            assertThat(geometry.copies()).isEqualTo(geometry.members());
            assertThat(geometry.memberOfCopy(first.member(), copy))
                    .as("%s", line)
                    .isEqualTo(copy);
            assertThat(geometry.sectorOfCopy(first.member(), first.memberSector(), copy))
                    .as("%s", line)
                    .isEqualTo(memberSector);
            assertThat(geometry.arraySectorOf(copy, memberSector))
                    .as("%s", line)
                    .isEqualTo(arrayChunk * chunk);
        }
    }

    @Test
    void raid10_near_places_every_copy_as_md_does() {
        int checked = 0;
        for (Line line : GoldenTable.lines("raid10.tsv")) {
            if (RAID10_REFUSED.contains(line.number("layout"))) {
                continue;
            }
            Geometry geometry = geometryOf(line);
            int chunk = geometry.chunkSectors();
            int member = line.number("device");
            long memberSector = (long) line.number("device_chunk") * chunk;
            long end = geometry.arraySectors((long) RAID10_COMPONENT_CHUNKS * chunk);
            if (line.kind() == '-') {
                assertThat(geometry.arraySectorOf(member, memberSector))
                        .as("%s", line)
                        .isGreaterThanOrEqualTo(end);
            } else {
                long arrayChunk = line.number("array_chunk");
                int copy = Integer.parseInt(line.text("token").substring(1));
                Place first = placeOf(geometry, arrayChunk);
                assertThat(geometry.memberOfCopy(first.member(), copy))
                        .as("%s", line)
                        .isEqualTo(member);
                assertThat(geometry.sectorOfCopy(first.member(), first.memberSector(), copy))
                        .as("%s", line)
                        .isEqualTo(memberSector);
                assertThat(geometry.arraySectorOf(member, memberSector))
                        .as("%s", line)
                        .isEqualTo(arrayChunk * chunk);
                assertThat(arrayChunk * chunk).as("%s", line).isLessThan(end);
                assertThat(copy).isLessThan(geometry.copies());
            }
            checked++;
        }
        assertThat(checked).isEqualTo(260 + 234 + 195);
    }

    @Test
    void every_layout_of_the_tables_is_checked_or_refused_by_name() {
        assertThat(layouts("raid5.tsv")).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
        Set<Integer> raid6 = layouts("raid6.tsv");
        assertThat(raid6).containsAll(RAID6_REFUSED);
        raid6.removeAll(RAID6_REFUSED);
        assertThat(raid6).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);
        for (int layout : RAID6_REFUSED) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Geometry.ofMd(6, layout, 8, 8))
                    .withMessageMatching("RAID6 layout " + layout + " \\(.*\\) is not supported; 0 to 5 are");
        }
        Set<Integer> raid10 = layouts("raid10.tsv");
        assertThat(raid10).containsAll(RAID10_REFUSED);
        raid10.removeAll(RAID10_REFUSED);
        assertThat(raid10).containsExactlyInAnyOrder(0x102, 0x103, 0x104);
        for (int layout : RAID10_REFUSED) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Geometry.ofMd(10, layout, 8, 8))
                    .withMessageContaining("RAID10 layout " + layout + " ")
                    .withMessageContaining("not supported");
        }
    }

    private static Set<Integer> layouts(String table) {
        return GoldenTable.lines(table).stream()
                .map(line -> line.number("layout"))
                .collect(Collectors.toSet());
    }
}
