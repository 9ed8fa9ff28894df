package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our whole command inside a guest whose kernel has an NBD client, which the machine's own need not have: volumes as its block devices, and
 * the distribution's nbd-client on our server. The guest's disks are the members.
 */
class AttachInGuestTest {
    private static final Duration LONGEST = Duration.ofMinutes(15);
    /** With less, a host process and a command together push each other's code out of memory. */
    private static final int MEMORY_MIB = 384;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needs_user_mode_linux_and_programs() {
        Kernels.assumeAvailable();
        for (String program : List.of("nbd-client", "mkfs.ext4", "resize2fs")) {
            boolean there =
                    Stream.of("/sbin", "/usr/sbin", "/bin").anyMatch(at -> Files.isExecutable(Path.of(at, program)));
            String why = program + " is missing: apt-get install nbd-client e2fsprogs";
            if ("true".equals(System.getenv("CI"))) {
                assertThat(there).as(why).isTrue();
            }
            assumeTrue(there, why);
        }
    }

    /** The command, in memory that a guest has; files with contents that are known, and the comparison. */
    private static String prelude(Path box) throws IOException {
        return """
            set -e
            export RESTRIPE_RUN=/tmp/run
            export RESTRIPE_HOST_JAVA_OPTS="-Xmx40m -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=16m"
            SMALL="-Xmx32m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=16m"
            rs() {
                %s $SMALL --enable-native-access=ALL-UNNAMED -cp '%s' io.restripe.node.cli.Main "$@"
            }
            load() { for i in 0 1 2 3 4 5 6 7 8 9; do
                dd if=/tmp/noise of="$1/f$i" bs=64k skip=$i count=16 conv=fsync status=none
            done; }
            compare() { for i in 0 1 2 3 4 5 6 7 8 9; do
                dd if=/tmp/noise bs=64k skip=$i count=16 status=none | cmp - "$1/f$i"
            done; }
            clean() { e2fsck -f -n "$1"; }
            until_gone() { while [ -e "$1" ]; do nap 0.1; done; }
            head -c 4M /dev/urandom >/tmp/noise
            mkdir /tmp/m
            MEMBERS="/dev/ubda@A /dev/ubdb@B /dev/ubdc@C"
            MORE="/dev/ubdd@D"
            rs create c0/v0 --backend=embedded --level=5 -n3 --assume-clean --force $MEMBERS
            """.formatted(Path.of(System.getProperty("java.home"), "bin", "java"), copiedClassPath(box));
    }

    /** Boots a guest with four disks, and the command with a container on three of them. */
    private void inGuest(String modules, String script) throws Exception {
        Map<Integer, Path> disks = new TreeMap<>();
        for (Path image : KernelOracle.newImages(folder, 4, 64)) {
            disks.put(disks.size(), image);
        }
        Path box = Files.createDirectories(folder.resolve("box"));
        String prelude = prelude(box);
        try (Guest guest = UserModeLinux.boot(box, disks, MEMORY_MIB)) {
            guest.must("modprobe -d /tmp/root -a " + modules + "\n" + prelude + script, LONGEST);
            guest.powerOff();
        }
    }

    /** The guest has a /tmp of its own, so that what the class path names may not be there. */
    private static String copiedClassPath(Path box) throws IOException {
        List<String> copies = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path from = Path.of(entry);
            boolean ours =
                    from.endsWith("classes") || from.getFileName().toString().startsWith("restripe-");
            if (Files.exists(from) && (ours || entry.contains("jackson") || entry.contains("picocli"))) {
                String name = copies.size() + "-" + from.getFileName();
                copy(from, box.resolve(name));
                copies.add("/tmp/box/" + name);
            }
        }
        assertThat(copies).hasSizeGreaterThan(2);
        return String.join(File.pathSeparator, copies);
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            all.forEach(path -> {
                try {
                    Files.copy(path, to.resolve(from.relativize(path).toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    @Test
    void the_kernels_nbd_client_serves_a_file_system_that_grows_with_its_volume() throws Exception {
        inGuest("nbd", """
                D=$(rs attach c0/v0)
                [ "$D" = /dev/nbd0 ]
                rs detail c0/v0 | grep "Device:  *$D"
                mkfs.ext4 -q $D
                mount $D /tmp/m
                rs detach c0/v0 2>&1 | grep "mounted at /tmp/m (ext4)"
                rs stop c0 2>&1 | grep "v0 as $D"
                before=$(cat /sys/block/nbd0/size)
                rs add c0 --force $MORE
                rs grow c0 -n4
                load /tmp/m
                rs wait c0
                [ $(cat /sys/block/nbd0/size) -gt $before ]
                resize2fs $D
                compare /tmp/m
                umount /tmp/m
                clean $D
                rs detach c0/v0
                [ $(cat /sys/block/nbd0/size) = 0 ]
                rs check c0
                rs stop c0
                """);
    }

    @Tag("long")
    @Test
    void a_device_of_the_kernels_nbd_client_waits_for_the_next_host() throws Exception {
        inGuest("nbd", """
                D=$(rs attach c0/v0 --driver=nbd)
                mkfs.ext4 -q $D
                mount $D /tmp/m
                load /tmp/m
                kill -9 $(cat /tmp/run/c0/host.pid)
                rs detach c0/v0 2>&1 | grep "its host process has died"
                (cp /tmp/m/f0 /tmp/m/g0; sync) &
                rs assemble c0 $MEMBERS | grep "$D waits for this host process"
                wait $!
                rs detail c0/v0 | grep "Device:  *$D"
                echo 3 >/proc/sys/vm/drop_caches
                compare /tmp/m
                cmp /tmp/m/f0 /tmp/m/g0
                umount /tmp/m
                clean $D
                kill -9 $(cat /tmp/run/c0/host.pid)
                rs detach c0/v0
                rs assemble c0 --backend=embedded $MEMBERS
                D=$(rs attach c0/v0 --driver=nbd)
                clean $D
                rs detach c0/v0
                rs stop c0
                """);
    }

    @Test
    void the_distributions_nbd_client_uses_our_server() throws Exception {
        inGuest("nbd", """
                nbd-client -unix /tmp/run/c0/nbd.sock /dev/nbd1 -N v0
                mkfs.ext4 -q /dev/nbd1
                mount /dev/nbd1 /tmp/m
                load /tmp/m
                rs stop c0 2>&1 | grep "1 NBD client uses its volumes"
                rs add c0 --force $MORE
                rs grow c0 -n4 --wait
                umount /tmp/m
                clean /dev/nbd1
                nbd-client -d /dev/nbd1
                until_gone /sys/block/nbd1/pid
                D=$(rs attach c0/v0 --driver=nbd)
                mount $D /tmp/m
                compare /tmp/m
                umount /tmp/m
                rs detach c0/v0
                rs stop c0
                """);
    }

    @Tag("long")
    @Test
    void a_kernel_that_gives_no_requests_again_has_fuse_too_and_what_a_dead_host_left_is_removed() throws Exception {
        inGuest("fuse loop", """
                D=$(rs attach c0/v0)
                [ "${D#/dev/loop}" != "$D" ]
                mkfs.ext4 -q $D
                mount $D /tmp/m
                before=$(cat /sys/block/${D#/dev/}/size)
                rs add c0 --force $MORE
                rs grow c0 -n4
                load /tmp/m
                rs wait c0
                [ $(cat /sys/block/${D#/dev/}/size) -gt $before ]
                resize2fs $D
                compare /tmp/m
                umount /tmp/m
                clean $D
                kill -9 $(cat /tmp/run/c0/host.pid)
                rs detach c0/v0
                [ ! -e /sys/block/${D#/dev/}/loop ]
                rs assemble c0 --backend=embedded $MEMBERS $MORE
                D=$(rs attach c0/v0)
                clean $D
                rs detach c0/v0
                rs stop c0
                """);
    }
}
