package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Changes that are refused on a running array change nothing: no metadata, no file, no array. */
class RefusedChangeTest extends ArrayFiles {
    private static final String CREATE = "create c0/v0 --level=5 -n3 --file-size=32M --assume-clean @a @b @c";

    @Test
    void a_member_that_the_volume_cannot_lose_is_not_failed() {
        good(CREATE);
        byte[] data = bytes(3_000_000, 1);
        good(data, "write c0/v0");
        good("fail c0/v0 @a");
        long generation = status().generation();
        refused("fail c0/v0 @b", "c0/v0", "no redundancy left", "restripe add c0 MEMBER");
        assertThat(status().generation()).isEqualTo(generation);
        assertThat(status().volumes().getFirst().degraded()).isEqualTo(1);
        good(data, "write c0/v0 --offset=4M");
        good("stop c0");
        assertSame(good("cat --offset=4M --length=3000000 @b @c").data, data);
        good("assemble c0 --run @b @c");
        assertSame(good("cat c0/v0 --length=3000000").data, data);
    }

    @Test
    void a_volume_of_the_container_that_cannot_lose_a_member_keeps_the_others_from_losing_it() {
        good("create c0/v0 --level=5 -n3 --file-size=32M --size=8M --assume-clean @a @b @c");
        good("create c0/v1 --level=0 -n3 --size=8M");
        refused("fail c0/v0 @a", "c0/v1", "no redundancy left");
        assertThat(status().volumes()).allSatisfy(v -> {
            assertThat(v.state()).isEqualTo("clean");
            assertThat(v.degraded()).isZero();
        });
    }

    @Test
    void disks_that_are_too_small_are_refused_and_the_array_goes_on() throws Exception {
        good(CREATE);
        for (String size : List.of("0", "512", "1024", "8388608")) {
            try (var file = new RandomAccessFile(folder.resolve("z.img").toFile(), "rw")) {
                file.setLength(Long.parseLong(size));
            }
            String kib = Long.parseLong(size) / 1024 + " KiB";
            refused("add c0 @z", "z.img", "too small", "it has " + kib, "needs ");
            refused("grow c0 -n4 --add @z", "z.img", "too small", "it has " + kib);
            assertThat(Files.size(folder.resolve("z.img"))).isEqualTo(Long.parseLong(size));
        }
        good(bytes(1_000_000, 2), "write c0/v0");
        assertThat(status().members()).hasSize(3);
        refused("create c1/v0 --level=0 -n2 --file-size=32M --no-start @d @e @z", "z.img");
    }

    @Test
    void a_spare_that_is_too_small_is_told_by_serial_and_path() {
        good("create c1/v0 --level=5 -n3 -x1 --size=2M --file-size=8M --no-start @p @q @r @s");
        good("create c0/v0 --level=5 -n3 --file-size=32M --assume-clean --no-start @a @b @c");
        good("assemble c0 @a @b @c @s");
        String path = folder.resolve("s.img").toString();
        String serial = status().members().stream()
                .filter(m -> m.path().equals(path))
                .findFirst()
                .orElseThrow()
                .serial();
        String both = serial + " (" + path + ")";
        for (String plan : List.of("", " --plan")) {
            refused("grow c0 -n4" + plan, "0 usable (" + both + ": it has 16384 sectors", "are needed", "Add disks");
            refused("grow c0 -n5 --file-size=32M --add @t" + plan, "member " + both, "it has 16384 sectors");
        }
        assertNoFiles("t");
    }

    @Test
    void a_plan_makes_no_file_and_changes_none() throws Exception {
        good(CREATE);
        newFile("d");
        assertThat(good("grow c0 -n5 --plan --file-size=32M --add @d @e").out).contains("becomes raid5 of 5");
        refused("grow c0 -n4 --plan --file-size=8M --add @e", "e.img", "too small");
        refused("grow c0 -n4 --plan --file-size=8M --add @d", "d.img", "has 33554432 bytes, not 8388608");
        assertThat(folder.resolve("e.img")).doesNotExist();
        refused("assemble c1 @d", "remembers no serial");
    }

    @Test
    void what_a_refused_command_made_is_removed_again() {
        refused("create c0/v0 --level=5 -n3 --file-size=64K @a @b @c", "room for 0 KiB");
        refused("create c0/v0 --level=6 -n4 --file-size=32M @a @b @c @d", "no other parity level");
        refused("create c0/v0 --level=5 -n3 --file-size=1000T @a @b @c", "a.img", "--sparse");
        refused("create c0/v0 --level=5 -n3 --file-size=32M @a @b @a", "same disk");
        assertNoFiles("a", "b", "c", "d");
        good(CREATE);
        refused("create c1/v0 --level=5 -n3 --file-size=64M @a @b @c", "has 33554432 bytes, not 67108864");
        refused("add c0 --file-size=8M @d", "d.img", "too small");
        refused("add c0 --file-size=1000T @d", "d.img", "no space", "--sparse");
        refused("grow c0 -n9 --file-size=32M --add @d", "9 disks need 6 spares, the container has 1");
        newFile("e");
        refused("grow c0 -n5 --file-size=32M --add @d @e @nowhere/f", "nowhere/f.img");
        assertNoFiles("d");
        assertThat(status().members()).hasSize(3);
        good("add c0 --file-size=32M @d");
        assertThat(folder.resolve("d.img")).exists();
    }

    private void assertNoFiles(String... names) {
        for (String name : names) {
            assertThat(folder.resolve(name + ".img")).doesNotExist();
        }
    }

    @Test
    void a_stale_member_that_comes_back_is_left_out_and_can_be_added_again() {
        good(CREATE);
        good("stop c0");
        good("assemble c0 --run @b @c");
        byte[] data = bytes(3_000_000, 3);
        good(data, "write c0/v0");
        good("stop c0");
        assertThat(good("cat --length=3000000 @a @b @c").err)
                .contains("note: ", "a.img carries an older state", "note: v0 is degraded: 1 of 3");
        assertThat(restripe("check @a @b @c").out).contains("a.img", "warning: ", "contents not compared");
        assertThat(good("assemble c0 @a @b @c").out).contains("a.img carries an older state", "add it again");
        assertSame(good("cat c0/v0 --length=3000000").data, data);
        good("add c0 @a");
        good("wait c0");
        assertThat(status().volumes().getFirst().degraded()).isZero();
        good("stop c0");
        assertSame(good("cat --length=3000000 @a @c").data, data);
    }
}
