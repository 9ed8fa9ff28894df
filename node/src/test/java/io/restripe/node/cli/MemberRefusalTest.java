package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.rpc.Json;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Members that would lose something, or cannot be told, are refused before anything is written. */
class MemberRefusalTest extends ArrayFiles {
    @Test
    void disks_that_would_lose_something_are_refused_without_force() throws Exception {
        newFile("a");
        newFile("b");
        newFile("c");
        Files.write(folder.resolve("c.img"), bytes(1, 1));
        try (var channel = Files.newByteChannel(folder.resolve("b.img"), StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap("XFSB".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        }
        refused("create c0/v0 --level=0 -n2 @a @b --no-start", "XFS file system", "--force");
        good("create c0/v0 --level=0 -n2 @a @b --no-start --force");
        refused("create c0/v1 --level=0 -n2 @a @b --no-start", "it carries imsm metadata", "--force");
        refused("create c1/v1 --level=0 -n2 @c @b --no-start", "whole sectors");
        refused("assemble c0 @a", "missing");
        refused("assemble c0 @a @a @b", "same disk");
        refused("assemble c0 @a @nix", "nix.img");
        refused("create c1/v1 --level=5 -n3 --file-size=1M @x @y @z --no-start", "c");
    }

    @Test
    void a_serial_that_the_container_does_not_have_is_refused_and_not_taken_for_an_older_state() throws Exception {
        good("create c0/v0 --level=5 -n3 --file-size=32M --no-start @a @b @c");
        Files.copy(folder.resolve("a.img"), folder.resolve("d.img")); // without what the file remembers
        String wrong = folder.resolve("d.img") + "@WRONG";
        refused("assemble c0 --run " + wrong + " @b @c", "no disk of the serial WRONG");
        refused("cat " + wrong + " @b @c", "no disk of the serial WRONG");
    }

    @Test
    void layouts_that_cannot_be_recorded_are_refused_with_the_reason() {
        refused("create c0/v0 --level=5 --layout=ls -n3 --file-size=32M @a @b @c", "left-asymmetric and no other");
        refused("create c0/v0 --level=1 -n3 --file-size=32M @a @b @c", "RAID1 takes 2", "Name 2 members");
        assertThat(restripe("create c0/v0 --level=10 --layout=f2 -n4 --file-size=32M @a @b @c @d").err)
                .contains("\"f2\" is no layout of RAID10");
        good("create c0/v0 --level=5 --layout=left-asymmetric -n3 --file-size=32M --no-start @a @b @c");
    }

    @Test
    void examine_answers_programs_with_numbers_and_hyphens() {
        good("create c0/v0 --level=5 -n3 --file-size=32M --no-start @a @b @c");
        var member =
                Json.maps(Json.parse(good("examine --json @b").out), "members").getFirst();
        assertThat(member).containsEntry("table-entry", 1).containsKey("orig-family");
        assertThat(Json.maps(member, "volume").getFirst())
                .containsEntry("this-slot", 1)
                .containsEntry("chunk-kib", 64)
                .doesNotContainKey("failed-slot");
    }

    @Test
    void a_member_whose_end_is_damaged_is_not_taken_for_an_empty_disk() throws Exception {
        good("create c0/v0 --level=5 -n3 --file-size=32M --assume-clean --no-start @a @b @c");
        Path a = folder.resolve("a.img");
        long size = Files.size(a);
        long anchor = size - 2 * 512;
        flip(a, anchor + 5);
        for (String line : List.of("assemble c0 --run @a @b @c", "cat @a @b @c", "examine @a")) {
            assertThat(refused(line, "a.img, MPB header", "byte 0: signature \"Intel", "expected \"Intel Raid ISM").err)
                    .doesNotContain("spare", " add ");
        }
        assertThat(restripe("check @a @b @c").out)
                .contains("error: the metadata is damaged", "expected \"Intel")
                .doesNotContain("add it");
        flip(a, anchor + 5);
        cut(a, size - (1 << 20));
        String cut = "no signature at byte " + (size - (1 << 20) - 1024) + " of its " + (size - (1 << 20));
        assertThat(refused(
                                "assemble c0 @a @b @c",
                                "member " + a,
                                cut,
                                "of " + size + " bytes, so it was cut short",
                                "--run")
                        .err)
                .doesNotContain("spare");
        cut(a, size);
        refused("assemble c0 @a @b @c", "no signature at byte " + anchor, "its metadata was overwritten");
        newFile("d");
        refused("assemble c0 " + folder.resolve("d.img") + "@OTHER @b @c", "d.img", "carries no imsm", "Leave it out");
        good("assemble c0 --run @b @c");
    }

    private static void flip(Path file, long at) throws Exception {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int was = bytes.read();
            bytes.seek(at);
            bytes.write(was ^ 4);
        }
    }

    private static void cut(Path file, long size) throws Exception {
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength(size);
        }
    }

    @Test
    void members_of_two_containers_are_not_mixed() {
        good("create c0/v0 --level=0 -n2 --file-size=32M --no-start @a @b");
        good("create c1/v0 --level=0 -n2 --file-size=32M --no-start @c @d");
        refused("assemble c0 @a @b @c @d", "cannot");
        refused("cat @a @d", "cannot");
    }
}
