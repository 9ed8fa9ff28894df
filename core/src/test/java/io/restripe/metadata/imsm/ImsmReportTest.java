package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.metadata.MemberDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The report of every member against what mdadm printed for it. */
class ImsmReportTest {
    private static final Pattern LINE = Pattern.compile("^\\s*([A-Za-z0-9. ]+?) : (.*)$", Pattern.MULTILINE);

    static Stream<String> fixtures() {
        return Fixture.ALL.stream();
    }

    /** All values that mdadm printed under a label, in order. */
    private static List<String> printed(String text, String label) {
        List<String> values = new ArrayList<>();
        Matcher matcher = LINE.matcher(text);
        while (matcher.find()) {
            if (matcher.group(1).equals(label)) {
                values.add(matcher.group(2).trim());
            }
        }
        return values;
    }

    private static List<String> ours(List<Object> structures, String key) {
        return structures.stream()
                .map(Fixture::map)
                .map(m -> String.valueOf(m.get(key)))
                .toList();
    }

    /** "goal <-- before", as mdadm writes it. */
    private static List<String> pairs(List<Object> volumes, String key, String suffix) {
        return volumes.stream()
                .map(Fixture::map)
                .map(m -> m.get(key)
                        + suffix
                        + (m.get("before") == null
                                ? ""
                                : " <-- " + Fixture.map(m.get("before")).get(key) + suffix))
                .toList();
    }

    private static List<String> sectors(List<String> printed, int perBlock) {
        return printed.stream()
                .map(p -> Long.toString(Long.parseLong(p.replaceAll(" .*", "")) * perBlock))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void the_report_says_what_mdadm_printed(String name) throws IOException {
        Fixture fixture = Fixture.load(name);
        for (MemberDisk member : fixture.members.values()) {
            if (ImsmReport.of(member).isPresent()) {
                Map<String, Object> values = ImsmReport.of(member).orElseThrow().values();
                String text = fixture.examine(member.name());
                int per = fixture.sectorBytes / 512;
                assertThat(printed(text, "Version")).containsExactly((String) values.get("version"));
                assertThat(printed(text, "Orig Family")).containsExactly((String) values.get("origFamily"));
                assertThat(printed(text, "Family").getFirst()).isEqualTo(values.get("family"));
                assertThat(printed(text, "Generation"))
                        .containsExactly(String.format("%08x", (Long) values.get("generation")));
                assertThat(printed(text, "UUID").getFirst()).isEqualTo(values.get("uuid"));
                assertThat(printed(text, "MPB Sectors")).containsExactly(String.valueOf(values.get("mpbBlocks")));
                List<Object> disks = Fixture.list(values.get("disk"));
                List<String> usable = sectors(printed(text, "Usable Size"), per);
                assertThat(usable.subList(0, disks.size()))
                        .containsExactlyInAnyOrderElementsOf(ours(disks, "usableSectors").stream()
                                .map(s -> Long.toString(Long.parseLong(s) / per * per))
                                .toList());
                checkVolumes(Fixture.list(values.get("volume")), text, per);
            }
        }
    }

    private static void checkVolumes(List<Object> volumes, String text, int per) {
        assertThat(ours(volumes, "uuid"))
                .isEqualTo(
                        printed(text, "UUID").subList(1, printed(text, "UUID").size()));
        assertThat(pairs(volumes, "level", "")).isEqualTo(printed(text, "RAID Level"));
        assertThat(pairs(volumes, "members", "")).isEqualTo(printed(text, "Members"));
        assertThat(pairs(volumes, "slots", "")).isEqualTo(printed(text, "Slots"));
        assertThat(pairs(volumes, "chunkKib", " KiB")).isEqualTo(printed(text, "Chunk Size"));
        assertThat(pairs(volumes, "state", "").stream()
                        .map(s -> s.replace("uninitialised", "uninitialized"))
                        .toList())
                .isEqualTo(printed(text, "Map State"));
        assertThat(ours(volumes, "failedSlot")).isEqualTo(printed(text, "Failed disk"));
        if (!printed(text, "This Slot").isEmpty()) {
            assertThat(ours(volumes, "thisSlot"))
                    .isEqualTo(printed(text, "This Slot").stream()
                            .map(s -> s.replace("out-of-sync", "out of sync"))
                            .toList());
        }
        assertThat(ours(volumes, "arraySectors")).isEqualTo(sectors(printed(text, "Array Size"), per));
        assertThat(ours(volumes, "memberSectors")).isEqualTo(sectors(printed(text, "Per Dev Size"), per));
        assertThat(ours(volumes, "startSector")).isEqualTo(sectors(printed(text, "Sector Offset"), per));
        assertThat(ours(volumes, "stripes")).isEqualTo(printed(text, "Num Stripes"));
        assertThat(ours(volumes, "activity"))
                .isEqualTo(printed(text, "Migrate State").stream()
                        .map(s -> s.replace("initialize", "initialise"))
                        .toList());
        assertThat(ours(volumes, "dirty"))
                .isEqualTo(printed(text, "Dirty State").stream()
                        .map(s -> String.valueOf(s.equals("dirty")))
                        .toList());
        assertThat(ours(volumes, "volumeId")).isEqualTo(printed(text, "Volume ID"));
    }

    @Test
    void the_text_has_a_line_for_every_value() throws IOException {
        Fixture fixture = Fixture.load("30-grow-r5-3to4-copy");
        String text = ImsmReport.of(fixture.members.get("ubda")).orElseThrow().text();
        assertThat(text)
                .contains("uuid: 408da778:988827e0:37605868:58fb9f2a\n")
                .contains("  slots: [UUUU]\n")
                .contains("    slots: [UUU]\n")
                .contains("migration record:\n  in copy area: true\n  unit: 1\n  units: 20\n");
        assertThat(ImsmReport.of(fixture.members.get("ubdc")).orElseThrow().text())
                .contains("migration record: on the disks of slots 0 and 1 only\n");
    }
}
