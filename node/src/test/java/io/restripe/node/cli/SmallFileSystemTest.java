package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Members on a file system that is full, or read-only. It is a tmpfs of its own, for which the test must be root: the permissions of a
 * file mean nothing to root, and a full file system of anybody else is not to be made.
 */
class SmallFileSystemTest extends ArrayFiles {
    private static final String MEMBERS = " @small/a.img@SA @small/b.img@SB @small/c.img@SC";

    private Path small;
    private boolean mounted;

    @BeforeEach
    void a_small_file_system() throws Exception {
        small = Files.createDirectory(folder.resolve("small"));
        mounted = mount("-t", "tmpfs", "-o", "size=60m", "restripe-test");
        assumeTrue(mounted, "no file system can be mounted here: not root, or not allowed to");
    }

    @AfterEach
    void it_goes() throws Exception {
        if (mounted) {
            // Lazily: a failed test's host process is ended after this, and has files open.
            assertThat(run("umount", "--lazy", small.toString())).isZero();
        }
    }

    private boolean mount(String... options) throws Exception {
        List<String> words = new ArrayList<>(List.of("mount"));
        words.addAll(List.of(options));
        words.add(small.toString());
        return run(words.toArray(String[]::new)) == 0;
    }

    private static int run(String... words) throws Exception {
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private static String members(Path small) {
        return MEMBERS.replace("@small", small.toString());
    }

    @Test
    void a_file_system_that_fills_up_takes_nothing_back_that_was_durable() throws Exception {
        String members = members(small);
        String create = "create c0/v0 --level=5 -n3 --assume-clean --file-size=32M";
        refused(create + members, "cannot make the member file", "no space", "--sparse");
        assertThat(small).isEmptyDirectory();
        assertThat(good(create + " --sparse" + members).err)
                .contains("note: members are sparse", "a write that finds no space fails its member");
        byte[] kept = bytes(8 << 20, 1);
        good(kept, "write c0/v0");
        Invocation full = restripe(bytes(44 << 20, 2), "write c0/v0 --offset=8M");
        assertThat(full.status).isEqualTo(1);
        assertThat(full.err).contains("restripe: cannot write c0", "where:", "why:", "remedy:");
        restripe("stop c0"); // refused or not, as far as it could still record what happened
        assertThat(good("status").out).contains("No array is running");

        assertThat(mount("-o", "remount,size=200m")).isTrue();
        good("assemble c0 --run --force" + members);
        assertSame(good("cat c0/v0 --length=8M").data, kept);
        good(bytes(44 << 20, 2), "write c0/v0 --offset=8M");
    }

    @Test
    void members_that_are_read_only_are_read_and_not_run() throws Exception {
        String members = members(small);
        good("create c0/v0 --level=5 -n3 --assume-clean --file-size=16M" + members);
        byte[] data = bytes(3_000_000, 3);
        good(data, "write c0/v0");
        good("stop c0");
        assertThat(mount("-o", "remount,ro")).isTrue();
        refused(
                "assemble c0" + members,
                "restripe: cannot open member",
                "where:   " + small.resolve("a.img"),
                "read-only",
                "remedy:  Make it writable, or use it read-only: restripe cat, restripe assemble --read-only");
        refused("create c1/v0 --level=0 -n2 --file-size=8M " + small + "/x.img " + small + "/y.img", "x.img");
        assertSame(good("cat --length=3000000" + members).data, data);
        assertThat(good("check" + members).out).contains("everything is consistent");
        good("assemble c0 --read-only" + members);
        assertSame(good("cat c0/v0 --length=3000000").data, data);
        refused("grow c0 -c 128", "it is open read-only", "assemble without --read-only");
    }
}
