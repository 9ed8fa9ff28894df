package io.restripe.lab.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.lab.kernel.Guest;
import io.restripe.lab.kernel.Kernels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The whole command in a guest whose kernel has md, with nobody saying who does the I/O. */
class BackendChoiceTest {
    private static final Duration LONG = Duration.ofMinutes(12);

    /** The command; loop devices over files of the guest, which is what a file can be too. */
    private static final String COMMAND = """
            export RESTRIPE_HOST_JAVA_OPTS="-XX:TieredStopAtLevel=1 -XX:CompressedClassSpaceSize=32m -Xlog:disable"
            restripe() { "$JAVA" $JAVA_OPTIONS io.restripe.node.cli.Main "$@"; }
            modprobe -d /tmp/root loop || die loop
            for i in 0 1 2 3; do truncate -s 24M /tmp/d$i.img && losetup /dev/loop$i /tmp/d$i.img || die losetup; done
            DEVICES='/dev/loop0@A /dev/loop1@B /dev/loop2@C'
            create() { restripe create c0/v0 --level=5 --raid-devices=3 --assume-clean --force "$@" >$BOX/said 2>&1; }
            assemble() { restripe assemble c0 "$@" >$BOX/said 2>&1; }
            says() { cat $BOX/said; grep -q -- "$1" $BOX/said || die "not said: $1"; }
            runs_in_md() { grep -q "^md12[0-9] : active raid5" /proc/mdstat; }
            runs_here() { [ -S $RESTRIPE_RUN/c0/host.sock ] && ! grep -q "^md12" /proc/mdstat; }
            stop_it() { restripe stop c0 || die stop; }
            """;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    private void inGuest(String script) throws Exception {
        try (Guest guest = Programs.boot(folder.resolve("guest"), List.of())) {
            String told = guest.must(Programs.prelude() + COMMAND + script + "\necho all of it", LONG);
            assertThat(told).contains("all of it");
        }
    }

    @Test
    void block_devices_are_left_to_md_and_files_are_not() throws Exception {
        inGuest("""
                create $DEVICES || { cat $BOX/said; die create; }
                says 'note: the members are block devices and Linux md is here: md does the I/O'
                says 'note: c0/v0 is /dev/md126'
                runs_in_md || die "not in md"
                restripe detail c0 | grep 'Back end: *kernel' || die detail
                [ "$(restripe attach c0/v0)" = /dev/md126 ] || die attach
                restripe attach c0/v0 --driver=nbd >$BOX/said 2>&1 && die "a device of a device"
                says 'it is /dev/md126 of Linux md already'
                restripe create c0/v1 --level=5 --raid-devices=3 --backend=embedded >$BOX/said 2>&1 && die "two back ends in a container"
                says 'it runs with --backend=kernel'
                kill -KILL $(cat $RESTRIPE_RUN/c0/host.pid)
                until_true 10 [ ! -d /proc/$(cat $RESTRIPE_RUN/c0/host.pid) ]
                runs_in_md || die "it dies with the host process"
                assemble --backend=embedded $DEVICES && die "taken away from md"
                says 'md127 of Linux md has these disks'
                assemble $DEVICES || { cat $BOX/said; die "take over"; }
                says 'note: md127 of Linux md has these disks already'
                stop_it
                grep -q '^md12' /proc/mdstat && die "something is left"
                assemble --backend=embedded $DEVICES || { cat $BOX/said; die embedded; }
                ! grep note $BOX/said || die "a note on what was told"
                runs_here || die "not here"
                stop_it
                restripe assemble c0 --json $DEVICES >$BOX/said || die json
                says '"backend" : "kernel"'
                says 'md does the I/O'
                stop_it
                create --backend=kernel /tmp/d0.img@A /tmp/d1.img@B /tmp/d2.img@C && die "md on files"
                says 'no member is a block device'
                for i in 0 1 2; do losetup -d /dev/loop$i; done
                create /tmp/d0.img@A /tmp/d1.img@B /tmp/d2.img@C || { cat $BOX/said; die files; }
                ! grep note $BOX/said || die "a note on files"
                runs_here || die "not here"
                stop_it
                """);
    }

    @Test
    void what_md_cannot_do_is_done_here_and_the_note_says_why() throws Exception {
        inGuest("""
                create --consistency-policy=ppl $DEVICES || { cat $BOX/said; die ppl; }
                runs_in_md || die "not in md"
                restripe grow c0 --chunk=128 >$BOX/said 2>&1 && die "md reshapes with ppl"
                says 'do not change their shape with --consistency-policy=ppl'
                stop_it
                assemble --backend=embedded $DEVICES || { cat $BOX/said; die "assemble ppl"; }
                restripe grow c0 --chunk=128 --speed-limit=1 >$BOX/said 2>&1 || { cat $BOX/said; die grow; }
                kill -KILL $(cat $RESTRIPE_RUN/c0/host.pid)
                until_true 10 [ ! -d /proc/$(cat $RESTRIPE_RUN/c0/host.pid) ]
                assemble --backend=kernel $DEVICES && die "a reshape with ppl in md"
                says 'half-way through a reshape'
                assemble $DEVICES || { cat $BOX/said; die "half-way"; }
                says 'note: the host process does the I/O, and not Linux md: volume v0 is half-way through a reshape'
                runs_here || die "not here"
                restripe wait c0 >$BOX/said 2>&1 || { cat $BOX/said; die wait; }
                stop_it
                """);
    }

    @Tag("long")
    @Test
    void what_a_kernel_lacks_is_done_here_and_the_note_says_what() throws Exception {
        inGuest("""
                rmmod raid456 || die rmmod
                create $DEVICES || { cat $BOX/said; die "without raid5"; }
                says 'md has no raid5, and cannot load it by itself'
                runs_here || die "not here"
                stop_it
                mount -o remount,ro /sys || die remount
                assemble $DEVICES || { cat $BOX/said; die "without sysfs"; }
                says 'new_array cannot be written'
                runs_here || die "not here"
                stop_it
                mount -o remount,rw /sys
                rmmod raid10 raid1 raid0 md_mod || die "rmmod md_mod"
                assemble $DEVICES || { cat $BOX/said; die "without md"; }
                says 'the kernel has no md'
                assemble $DEVICES && die "twice"
                says 'running already'
                stop_it
                """);
    }
}
