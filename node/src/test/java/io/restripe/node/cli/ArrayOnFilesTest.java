package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The command as it ships, with real host processes, on arrays in small files. */
class ArrayOnFilesTest extends ArrayFiles {
    private static final String CREATE = "create c0/v0 --level=5 --raid-devices=3 --file-size=32M ";

    @Test
    void an_array_is_created_written_stopped_and_read_from_its_members_alone() throws Exception {
        good(CREATE + "@a @b @c");
        good("wait c0");
        byte[] data = bytes(5_000_000, 1);
        good(data, "write c0/v0 --offset=12345");
        assertSame(good("cat c0/v0 --offset=12345 --length=5000000").data, data);
        assertThat(status().volumes().getFirst().shape().level()).isEqualTo("raid5");
        refused("cat @a @b @c", "in use");
        good("stop c0");
        Map<Path, byte[]> before = Map.of(
                folder.resolve("a.img"), Files.readAllBytes(folder.resolve("a.img")),
                folder.resolve("c.img"), Files.readAllBytes(folder.resolve("c.img")));
        assertSame(good("cat --offset=12345 --length=5000000 @c @a @b").data, data);
        assertSame(good("cat --offset=12345 --length=5000000 @c @a").data, data);
        for (var file : before.entrySet()) {
            assertSame(Files.readAllBytes(file.getKey()), file.getValue());
        }
        good("assemble c0 @b @c @a");
        assertSame(good("cat c0/v0 --offset=12345 --length=5000000").data, data);
    }

    @Test
    void what_was_written_survives_the_death_of_the_host() throws Exception {
        good(CREATE + "--assume-clean @a @b @c");
        byte[] data = bytes(3_000_000, 2);
        good(data, "write c0/v0");
        kill("c0");
        good("assemble c0 @a @b @c");
        assertSame(good("cat c0/v0 --length=3000000").data, data);
        good("wait c0");
    }

    @Test
    void an_array_that_logs_partial_parity_needs_no_resync_after_the_death_of_the_host_and_may_lose_a_member_then()
            throws Exception {
        good(CREATE + "--assume-clean --consistency-policy=ppl @a @b @c");
        assertThat(status().volumes().getFirst().policy()).isEqualTo("ppl");
        assertThat(good("detail c0/v0").out).contains("ppl");
        byte[] data = bytes(3_000_000, 4);
        good(data, "write c0/v0");
        kill("c0");
        assertThat(good("examine @a").out).contains("multiple distributed PPLs");
        good("assemble --run c0 @a @c");
        assertSame(good("cat c0/v0 --length=3000000").data, data);
    }

    @Test
    void an_array_with_a_write_intent_bitmap_is_found_and_resynced_by_it_after_the_death_of_the_host()
            throws Exception {
        good(CREATE + "--assume-clean --bitmap=internal @a @b @c");
        assertThat(status().volumes().getFirst().policy()).isEqualTo("bitmap");
        byte[] data = bytes(3_000_000, 5);
        good(data, "write c0/v0");
        kill("c0");
        assertThat(good("examine @a").out).contains("write-intent bitmap");
        good("assemble c0 @a @b @c");
        assertSame(good("cat c0/v0 --length=3000000").data, data);
        good("wait c0");
        assertThat(restripe("create c1/v0 --level=5 --raid-devices=3 --bitmap=external @a @b @c").status)
                .isEqualTo(2);
    }

    @Test
    void a_running_array_gets_another_consistency_policy() throws Exception {
        good(CREATE + "--assume-clean @a @b @c");
        byte[] data = bytes(3_000_000, 6);
        good(data, "write c0/v0");
        good("grow c0/v0 --consistency-policy=ppl");
        assertThat(status().volumes().getFirst().policy()).isEqualTo("ppl");
        good("grow c0 --bitmap=none"); // it has none
        assertThat(status().volumes().getFirst().policy()).isEqualTo("ppl");
        good("grow c0 --bitmap=internal");
        assertThat(status().volumes().getFirst().policy()).isEqualTo("bitmap");
        good("grow c0 -n4 --file-size=32M --add @d --wait"); // it stays on
        good("grow c0 --bitmap=none");
        assertThat(status().volumes().getFirst().policy()).isEqualTo("resync");
        good("grow c0 -k ppl --wait");
        kill("c0");
        assertThat(good("examine @a").out).contains("multiple distributed PPLs");
        good("assemble c0 @a @b @c @d");
        assertSame(good("cat c0/v0 --length=3000000").data, data);
        assertThat(restripe("grow c0/nosuch --consistency-policy=resync").status)
                .isEqualTo(1);
        assertThat(restripe("grow c0 --consistency-policy=journal").status).isEqualTo(2);
        assertThat(restripe("grow c0 --consistency-policy=ppl --bitmap=internal").status)
                .isEqualTo(2);
        assertThat(restripe("grow c0 --consistency-policy=ppl --chunk=128").status)
                .isEqualTo(2);
    }

    @Test
    void its_host_computes_parity_with_the_processors_vectors() throws Exception {
        good(CREATE + "--assume-clean @a @b @c");
        awaitLogged("c0", "parity back end: vector");
        byte[] data = bytes(3_000_000, 6);
        good(data, "write c0/v0");
        assertThat(good("check c0").out).contains("everything is consistent");
    }

    @Test
    void a_failed_member_is_replaced_by_a_spare_and_rebuilt() {
        good(CREATE + "--assume-clean @a @b @c");
        byte[] data = bytes(3_000_000, 3);
        good(data, "write c0/v0");
        good("fail c0/v0 @b");
        assertThat(status().volumes().getFirst().degraded()).isEqualTo(1);
        assertSame(good("cat c0/v0 --length=3000000").data, data);
        good("remove c0 @b");
        good("add c0 --file-size=32M @d");
        good("wait c0");
        assertThat(status().volumes().getFirst().degraded()).isZero();
        good("stop c0");
        assertSame(good("cat --length=3000000 @a @d").data, data);
    }

    @Test
    void an_array_grows_and_keeps_its_contents() {
        good(CREATE + "--assume-clean @a @b @c");
        byte[] data = bytes(20_000_000, 4);
        good(data, "write c0/v0");
        newFile("d");
        long before = status().volumes().getFirst().shape().sizeBytes();
        assertThat(good("grow c0 --raid-devices=4 --plan --add @d").out)
                .contains("c0/v0: raid5 of 3", "becomes raid5 of 4");
        good("grow c0 --raid-devices=4 --wait --add @d");
        assertSame(good("cat c0/v0 --length=20000000").data, data);
        var volume = status().volumes().getFirst();
        assertThat(volume.shape().raidDevices()).isEqualTo(4);
        assertThat(volume.shape().sizeBytes()).isEqualTo(before / 2 * 3);
        good("stop c0");
        assertSame(good("cat --length=20000000 @a @c @d").data, data);
    }

    @Test
    void a_grow_that_was_killed_goes_on_and_can_be_finished_in_the_foreground() throws Exception {
        good(CREATE + "--assume-clean @a @b @c");
        byte[] data = bytes(40_000_000, 5);
        good(data, "write c0/v0");
        newFile("d");
        good("grow c0/v0 --raid-devices=4 --speed-limit=1024 --add @d");
        assertThat(status().volumes().getFirst().work().action()).isEqualTo("reshape");
        refused("grow c0/v0 --raid-devices=4", "cannot");
        kill("c0");
        assertSame(good("cat --length=40000000 @a @b @c @d").data, data);
        Invocation finish = good("assemble c0 --finish @a @b @c @d");
        assertThat(finish.out).contains("nothing is half-way any more");
        assertSame(good("cat --length=40000000 @b @c @d").data, data);
        good("assemble c0 --read-only @a @b @c @d");
        refused("grow c0/v0 --raid-devices=5", "read-only");
        assertThat(restripe(new byte[10], "write c0/v0").status).isEqualTo(1);
        assertSame(good("cat c0/v0 --length=40000000").data, data);
    }
}
