package io.restripe.lab.kernel;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One guest, told in the words of RAID what to do with one IMSM container over all its images. Everything is done by the real mdadm,
 * mdmon and md; whatever fails is an IOException with their own words and the end of the console. Not for several threads.
 *
 * <p>Serials of the disks are {@link #serial}: what mdadm takes for them under {@code IMSM_DEVNAME_AS_SERIAL}.
 */
public final class KernelOracle implements AutoCloseable {
    /** As fast as it goes, for {@link #reshapeAndDie} and {@link #reshape}. */
    public static final int FULL_SPEED_KIB = 1_000_000;

    /** Slow enough that md comes to rest inside every unit of 1 MiB: it lets through so much at once, then sleeps. */
    public static final int SLOW_KIB = 400;

    private static final Duration SHORT = Duration.ofSeconds(60);
    private static final Duration LONG = Duration.ofSeconds(150);
    private static final int FINISH_SECONDS = 90;

    private final Guest guest;
    private final String container;
    private final int volume;

    /**
     * What a container and its volume are to be.
     *
     * @param level md's level number
     * @param members raid disks: the first so many images; the others are spares
     * @param chunkKib chunk; not used for RAID1
     * @param memberKib KiB of each member
     * @param name of the volume
     */
    public record Made(int level, int members, int chunkKib, long memberKib, String name) {}

    /**
     * What an assembled volume looks like.
     *
     * @param sha256 of the contents, in hexadecimal
     * @param kib its size
     * @param members raid disks
     * @param mdstat the text of /proc/mdstat
     */
    public record Seen(String sha256, long kib, int members, String mdstat) {}

    private KernelOracle(Guest guest, String container, int volume) {
        this.guest = guest;
        this.container = container;
        this.volume = volume;
    }

    private String which() {
        return container + "select_volume " + volume + "\n";
    }

    /** Boots a guest over these images, see {@link UserModeLinux#boot}: one container on all of them. Nothing is assembled yet. */
    public static KernelOracle boot(Path folder, List<Path> images) throws IOException {
        Map<Integer, Path> disks = new TreeMap<>();
        for (int i = 0; i < images.size(); i++) {
            disks.put(i, images.get(i));
        }
        return new KernelOracle(UserModeLinux.boot(folder, disks), "", 0);
    }

    /** Boots a guest for several containers: {@link #container} names each. */
    public static KernelOracle boot(Path folder, Map<Integer, Path> disks) throws IOException {
        return new KernelOracle(UserModeLinux.boot(folder, disks), "", 0);
    }

    /** The container of that name on the disks at these places: of the same guest, which the result's close ends too. */
    public KernelOracle container(String name, Collection<Integer> disks) {
        String serials = disks.stream().map(KernelOracle::serial).collect(Collectors.joining(" "));
        return new KernelOracle(guest, "CONTAINER=/dev/md/%s; DISKS='%s'\n".formatted(name, serials), 0);
    }

    /** Another volume of the same container: what is said of "the volume" here means that one. */
    public KernelOracle volume(int index) {
        return new KernelOracle(guest, container, index);
    }

    /** The serial of the image at that place. */
    public static String serial(int image) {
        return "/dev/ubd" + (char) ('a' + image);
    }

    /** The guest, for what is not here. Scripts of its own say {@code V=$(volume 0)} before they use {@code $V}. */
    public Guest guest() {
        return guest;
    }

    /** Creates the container and the volume, waits for the first resync, fills the volume, and leaves it running. */
    public Seen create(Made made, Path contents) throws IOException {
        return create("create ", made, contents);
    }

    /** Creates this, a further volume of a running container, on the members of the first one; else as {@link #create}. */
    public Seen createMore(Made made, Path contents) throws IOException {
        return create("create_more " + volume + " ", made, contents);
    }

    private Seen create(String command, Made made, Path contents) throws IOException {
        Path copy = guest.box().resolve("contents");
        Files.copy(contents, copy, StandardCopyOption.REPLACE_EXISTING);
        must(
                command
                        + "%d %d %d %d %s".formatted(made.level, made.members, made.chunkKib, made.memberKib, made.name)
                        + "\ndd if=$BOX/contents of=/dev/$V bs=1M oflag=direct status=none conv=fsync || die fill",
                LONG);
        Files.delete(copy);
        return look(0);
    }

    /** Assembles, and lets what metadata says is under way go on in the background. */
    public void assemble() throws IOException {
        must("assemble; writable; exit 0", SHORT);
    }

    /** Assembles, waits for the end of everything under way, and reads the volume. */
    public Seen assembleAndFinish() throws IOException {
        finish(FINISH_SECONDS);
        return look(0);
    }

    /**
     * Assembles and waits for the end of everything under way. When mdadm gives up before, this fails soon.
     *
     * @param seconds how long at most
     */
    public void finish(int seconds) throws IOException {
        finish(seconds, FULL_SPEED_KIB);
    }

    /** The same, at so many KiB/s of each member. */
    public void finish(int seconds, int kibPerSecond) throws IOException {
        must("speed " + kibPerSecond + "\nassemble; writable; finish " + seconds, LONG);
    }

    /**
     * A member fails, a spare takes its place, and when that is rebuilt the old disk leaves the container, wiped.
     *
     * @param back it comes back as a spare
     */
    public void replace(int disk, boolean back) throws IOException {
        must("speed " + FULL_SPEED_KIB + "\nreplace " + serial(disk) + (back ? " back" : ""), LONG);
    }

    /** Leaves a container as it is, for good: of mdadm nothing goes on in the background, other containers can be used. */
    public void abandon() throws IOException {
        must("abandon", SHORT);
    }

    /**
     * Reads the running volume from its members.
     *
     * @param bytes how much of it from the start; 0: all
     */
    public Seen look(long bytes) throws IOException {
        String[] lines = must(
                        "[ -n \"$V\" ] || die 'no volume'\nsha256 " + bytes
                                + "\necho $(($(blockdev --getsz /dev/$V) / 2))\necho $(cut -d' ' -f1 /sys/block/$V/md/raid_disks)\ncat /proc/mdstat",
                        SHORT)
                .split("\n", 4);
        return new Seen(lines[0], Long.parseLong(lines[1]), Integer.parseInt(lines[2]), lines[3]);
    }

    /** Copies the first so many bytes of the running volume to a file, which is made. */
    public void readOut(long bytes, Path to) throws IOException {
        must(
                "dd if=/dev/$V of=$BOX/read-out iflag=direct,count_bytes bs=1M count=%d status=none conv=fsync || die read"
                        .formatted(bytes),
                SHORT);
        Files.move(guest.box().resolve("read-out"), to, StandardCopyOption.REPLACE_EXISTING);
    }

    /** What {@code mdadm -E} says of the disk at that place, whatever container it is in. */
    public String examine(int disk) throws IOException {
        return must("mdadm --examine " + serial(disk), SHORT);
    }

    /**
     * Starts a change of the assembled container or volume and waits until it is complete.
     *
     * @param what mdadm's arguments after {@code --grow}; {@code $CONTAINER} and {@code /dev/$V} name the two
     */
    public void reshape(String what) throws IOException {
        reshape(what, FULL_SPEED_KIB);
    }

    /** The same at so many KiB/s of each member. */
    public void reshape(String what, int kibPerSecond) throws IOException {
        must("speed " + kibPerSecond + "\nmdadm --grow " + what + " || die grow\nfinish " + FINISH_SECONDS, LONG);
    }

    /**
     * Starts a change as {@link #reshape} does and stops the machine dead while md's sync_completed is in {@code [low, high)} sectors
     * of each member. Nothing but {@link #close} may follow.
     *
     * @param kibPerSecond how fast md may go; the narrower the window the slower, see {@link #SLOW_KIB}
     */
    public void reshapeAndDie(String what, long low, long high, int kibPerSecond) throws IOException {
        Guest.Outcome outcome = guest.run(
                which() + "speed " + kibPerSecond + "\nmdadm --grow " + what + " || die grow\ndie_between " + low + " "
                        + high,
                SHORT);
        if (!outcome.died()) {
            throw new IOException("the guest did not die: exit " + outcome.exit() + "\n" + outcome.output());
        }
        guest.stopDead();
    }

    /** Runs md's check over the whole volume. */
    public long mismatches() throws IOException {
        String output = must("mismatches", LONG);
        return Long.parseLong(output.strip());
    }

    /** Stops volumes and container cleanly: the metadata says clean on return. */
    public void stop() throws IOException {
        must("stop", LONG);
    }

    /** Stops everything cleanly and powers the guest off: the images are complete on return. */
    public void stopAndPowerOff() throws IOException {
        stop();
        guest.powerOff();
    }

    /** A script of the caller's, after {@code md.sh}, with the variables that name this container and volume. */
    public void script(String script, Duration atMost) throws IOException {
        must(script, atMost);
    }

    private String must(String script, Duration atMost) throws IOException {
        return guest.must(which() + script, atMost);
    }

    /** Ends the guest as a power failure would, unless it has ended. */
    @Override
    public void close() {
        guest.close();
    }

    /** New image files of so many MiB, full of zeros and sparse, named disk-a, disk-b, ... in that folder. */
    public static List<Path> newImages(Path folder, int count, int mib) throws IOException {
        List<Path> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Path image = folder.resolve("disk-" + (char) ('a' + i));
            try (var file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength((long) mib << 20);
            }
            images.add(image);
        }
        return images;
    }
}
