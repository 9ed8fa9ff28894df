package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.rpc.Json;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * Input that must be refused, each in its words: what, where, why and a remedy. Files without space or permission: {@link
 * SmallFileSystemTest}; changes at the wrong time: {@link BackgroundWorkTest}; a stale member: {@link RefusedChangeTest}.
 */
class BadInputTest extends ArrayFiles {
    private static final String RAID5 = "create c0/v0 --level=5 -n3 --file-size=32M --assume-clean --no-start @a @b @c";

    private void put(String name, long at, String hex) throws Exception {
        try (var file = new RandomAccessFile(folder.resolve(name + ".img").toFile(), "rw")) {
            file.seek(at);
            file.write(HexFormat.of().parseHex(hex));
        }
    }

    private String serial(String member) {
        Invocation got = good("examine --json " + member);
        return Json.text(Json.maps(Json.parse(got.out), "members").getFirst(), "serial");
    }

    @Test
    void too_few_or_too_small_disks() {
        assertThat(restripe("create c0/v0 --level=5 -n3 --file-size=32M @a @b").err)
                .isEqualTo("""
                        restripe: cannot understand the command line
                          where:   --raid-devices
                          why:     3 members are needed, 2 are named
                          remedy:  See restripe create --help
                        """);
        refusedAs(
                "create c0/v0 --level=5 -n3 --file-size=1M @a @b @c",
                "cannot create volume \"v0\"",
                "size",
                "less than 1 MiB of each member remains after rounding; there is room for 0 KiB",
                "Choose a larger size, or larger members");
        assertThat(folder.resolve("a.img")).doesNotExist();
        good(RAID5);
        refusedAs(
                "assemble c0 @b",
                "cannot assemble",
                "volume v0",
                "2 of 3 members are missing and it can do without 1; not among those named: [" + serial("@a") + ", "
                        + serial("@c") + "]",
                "Name all its members");
        refusedAs(
                "assemble c0 --run --force @b",
                "cannot assemble",
                "volume v0",
                "2 of 3 members are missing and it can do without 1; not among those named: [" + serial("@a") + ", "
                        + serial("@c") + "]",
                "Name all its members");
        refusedAs(
                "assemble c0 @b @c",
                "cannot assemble",
                "volume v0",
                "members are missing: [" + serial("@a") + "]",
                "Name all its members, or start it degraded with --run");
        good("assemble c0 @a @b @c");
        refusedAs(
                "grow c0 -n5 --file-size=32M --add @d",
                "cannot reshape",
                "volume v0",
                "5 disks need 2 spares, the container has 1",
                "Add disks: restripe add c0 MEMBER..., or name them behind --add");
    }

    @Test
    void disks_that_are_in_use_or_carry_something() throws Exception {
        good(RAID5);
        refusedAs(
                "create c1/v0 --level=0 -n2 --file-size=32M @d @a",
                "cannot use @a.img as a member",
                "@a.img",
                "it carries imsm metadata of a container",
                "Use another disk, or say --force if that may be lost");
        newFile("p");
        put("p", 446, "80000200830003000008000000080000");
        put("p", 510, "55aa");
        newFile("x");
        put("x", 0, HexFormat.of().formatHex(new byte[] {'X', 'F', 'S', 'B'}));
        good("assemble c0 @a @b @c");
        String remedy = "Check that nobody needs it, then say --force";
        for (String line : new String[] {"add c0 @p", "grow c0 -n4 --add @p", "create c1/v0 --level=0 -n2 @p @x"}) {
            refusedAs(
                    line,
                    "cannot use @p.img as a member",
                    "member @p.img",
                    "it carries MBR partition table (1 in use) (signature at byte 510), which would be lost",
                    remedy);
        }
        assertThat(refused("add c0 @x", "it carries XFS file system", "which would be lost", remedy).status)
                .isEqualTo(1);
        for (String line : new String[] {"add c0 @a", "create c1/v0 --level=0 -n2 @b @a --force", "assemble c1 @c"}) {
            String name = line.substring(line.indexOf(" @") + 2).split(" ", -1)[0];
            refusedAs(
                    line,
                    "cannot open member",
                    "@" + name + ".img",
                    "it is in use, in this process or another",
                    "Stop what uses it (restripe status shows the running arrays), or leave it out");
        }
        assertThat(status().members()).hasSize(3);
        good("add c0 --force @p");
    }

    @Test
    void shapes_that_the_format_cannot_record() {
        refusedAs(
                "create c0/v0 --level=6 -n4 --file-size=32M @a @b @c @d",
                "cannot create volume \"v0\"",
                "level",
                "the format records RAID5 in the layout left-asymmetric and no other parity level",
                "Use --level=5 --layout=left-asymmetric");
        refusedAs(
                "create c0/v0 --level=5 -n3 -c3 --file-size=32M @a @b @c",
                "cannot create volume \"v0\"",
                "chunk",
                "3 KiB is not a power of two from 4 KiB to 2 MiB",
                "Choose such a chunk, up to 1 MiB if the volume shall ever be reshaped");
        refusedAs(
                "create c0/v0 --level=10 -n3 --file-size=32M @a @b @c",
                "cannot create volume \"v0\"",
                "members",
                "RAID10 takes an even number from 4 with 2 near copies, not 3 with 2",
                "Use --layout=n2 and an even number of members from 4");
        assertThat(folder.resolve("a.img")).doesNotExist();
        good(RAID5);
        good("assemble c0 @a @b @c");
        long generation = status().generation();
        refusedAs(
                "grow c0 --chunk=96",
                "cannot reshape volume v0",
                "chunk",
                "96 KiB is not a power of two from 4 KiB to 1 MiB, which is what the copy area takes",
                "Choose such a chunk");
        refusedAs(
                "grow c0 -n2",
                "cannot reshape",
                "volume v0",
                "the array would shrink from 3 disks to 2",
                "Ask for another number of disks, chunk or level");
        refusedAs(
                "grow c0 --level=6",
                "cannot reshape",
                "volume v0",
                "a change from RAID5 to RAID6 cannot be recorded",
                "Only RAID0 to RAID5 with one disk more is possible");
        assertThat(status().generation()).isEqualTo(generation);
    }

    @Test
    void members_of_two_containers_and_one_member_twice() throws Exception {
        good(RAID5);
        good("create c1/v0 --level=0 -n2 --file-size=32M --no-start @d @e");
        for (String line : new String[] {"assemble c0 --run --force @a @b @d", "cat @a @b @d"}) {
            Invocation got = refused(line, "restripe: cannot assemble", "where:   " + folder.resolve("d.img"));
            assertThat(got.err)
                    .containsPattern("d.img: container: belongs to container \\S+, \\S+a.img to \\S+\n")
                    .contains("remedy:  Nothing was changed. Look at each member: restripe examine MEMBER...");
        }
        refusedAs(
                "assemble c0 @a @a @b",
                "cannot open member",
                "@a.img",
                "it is the same disk as @a.img",
                "Name every disk once");
        Path link = Files.createSymbolicLink(folder.resolve("link.img"), folder.resolve("a.img"));
        refusedAs(
                "assemble c0 @a @link @b",
                "cannot open member",
                link.toString(),
                "it is the same disk as @a.img",
                "Name every disk once");
        String serial = serial("@a");
        Files.copy(folder.resolve("a.img"), folder.resolve("copy.img"));
        refusedAs(
                "assemble c0 @a " + folder.resolve("copy.img") + "@" + serial + " @b",
                "cannot open member",
                "@copy.img",
                "its serial " + serial + " is also that of @a.img, so that one may be a copy of the other",
                "Leave one of them out");
        refusedAs(
                "assemble c0 @a @b @nowhere",
                "cannot open member",
                "@nowhere.img",
                "no such file or directory (ENOENT): statx(-100, \"@nowhere.img\")",
                "Check the path");
        good("assemble c0 @a @b @c");
    }

    @Test
    void copies_that_were_used_apart_from_each_other() {
        good("create c0/v0 --level=1 -n2 --file-size=32M --assume-clean --no-start @a @b");
        for (String alone : new String[] {"@a", "@b"}) {
            good("assemble c0 --run " + alone);
            good(bytes(100_000, alone.charAt(1)), "write c0/v0");
            good("stop c0");
        }
        Invocation got = refused("assemble c0 --run --force @a @b", "cannot assemble", "choose one of them");
        assertThat(got.err).contains("restripe examine MEMBER...");
        refused("cat @a @b", "choose one of them");
        assertSame(good("cat --length=100000 @b").data, bytes(100_000, 'b'));
    }

    @Test
    void a_half_way_reshape_that_lacks_more_members_than_it_can_do_without() throws Exception {
        good(RAID5);
        good("assemble c0 @a @b @c");
        good("grow c0 --speed-limit=1024");
        good("grow c0 -n4 --file-size=32M --add @d");
        refusedAs(
                "grow c0 -n5 --file-size=32M --add @e",
                "cannot reshape",
                "volume v0",
                "it is being reshaped already",
                "Wait for its end: restripe wait c0");
        assertThat(folder.resolve("e.img")).doesNotExist();
        kill("c0");
        String missing = serial("@b") + ", " + serial("@c");
        refusedAs(
                "assemble c0 --run --force @a @d",
                "cannot assemble",
                "volume v0",
                "2 of 4 members are missing and it can do without 1; not among those named: [" + missing + "]",
                "Name all its members");
        good("assemble c0 --finish --run --force @a @b @d");
    }
}
