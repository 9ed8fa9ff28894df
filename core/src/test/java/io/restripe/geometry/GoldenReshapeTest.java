package io.restripe.geometry;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.geometry.GoldenTable.Line;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Arrays that real md left half way: below the position one geometry holds, above it the other (docs/layouts.md, section 7). */
class GoldenReshapeTest {
    private static final int BLOCK_SECTORS = 8;

    /** RAID5 with a Q member appended, which the product refuses: the old side of raid5-to-raid6 is not checked. */
    private static final int REFUSED_LAYOUT = 18;

    static Set<String> scenarios() {
        return GoldenTable.lines("reshape.tsv").stream()
                .map(line -> line.text("scenario"))
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void each_side_of_the_position_is_placed_by_its_own_geometry(String scenario) {
        Map<List<String>, List<Line>> all = GoldenTable.groups("reshape.tsv", "scenario");
        int checked = 0;
        int refused = 0;
        for (Line line : all.get(List.of(scenario))) {
            String zone = line.text("zone");
            if (zone.equals("stale")) {
                continue;
            }
            if (line.number(zone + "_layout") == REFUSED_LAYOUT) {
                refused++;
                continue;
            }
            check(line, zone.equals("new"), geometryOf(line, zone));
            checked++;
        }
        assertThat(checked).isGreaterThan(60);
        assertThat(refused).isEqualTo(scenario.equals("raid5-to-raid6") ? 68 : 0);
    }

    private static Geometry geometryOf(Line line, String side) {
        return Geometry.ofMd(
                line.number("level"),
                line.number(side + "_layout"),
                line.number(side + "_disks"),
                line.number(side + "_chunk_sectors"));
    }

    private static void check(Line line, boolean isNew, Geometry geometry) {
        int member = line.number("device");
        long memberSector = (long) line.number("device_block4k") * BLOCK_SECTORS;
        long row = memberSector / geometry.chunkSectors();
        assertThat(member).as("%s", line).isLessThan(geometry.members());
        switch (line.kind()) {
            case 'P' -> assertThat(geometry.parityMember(row)).as("%s", line).isEqualTo(member);
            case 'Q' -> assertThat(geometry.qMember(row)).as("%s", line).isEqualTo(member);
            case 'D' -> {
                long arraySector = Long.parseLong(line.text("token").substring(1)) * BLOCK_SECTORS;
                assertThat(isNewBy(line, arraySector)).as("%s", line).isEqualTo(isNew);
                assertThat(geometry.arraySectorOf(member, memberSector))
                        .as("%s", line)
                        .isEqualTo(arraySector);
                geometry.forEachPiece(arraySector, BLOCK_SECTORS, (at, atSector, sectors, offset) -> {
                    assertThat(at).as("%s", line).isEqualTo(member);
                    assertThat(atSector).as("%s", line).isEqualTo(memberSector);
                    assertThat(sectors).as("%s", line).isEqualTo(BLOCK_SECTORS);
                    assertThat(offset).as("%s", line).isZero();
                });
            }
            default -> throw new IllegalArgumentException("token of " + line);
        }
    }

    private static boolean isNewBy(Line line, long arraySector) {
        boolean below = arraySector < line.number("reshape_position");
        return line.text("direction").equals("forwards") == below;
    }
}
