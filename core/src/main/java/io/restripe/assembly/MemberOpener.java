package io.restripe.assembly;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.disk.FileDisk.Access;
import io.restripe.disk.FileDisk.Caching;
import io.restripe.disk.LargeSectorDisk;
import io.restripe.disk.Serials;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.nbd.NbdAddress;
import io.restripe.nbd.NbdDisk;
import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.FileStatus.Kind;
import io.restripe.os.SystemCallException;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Opens members as people name them, {@code PATH} or {@code PATH@SERIAL}, and finds out each one's serial: the one named; else, of a file,
 * the one it remembers; else, of a block device, the hardware's. Where disks on servers are allowed, the URI of an export stands for a path,
 * and its label has its serial. Nothing is guessed: a disk without a serial, one that
 * contradicts the serial named, one disk under two names and two disks with one serial are refused.
 *
 * <p>An opener is for the members of one container and knows what it opened; one thread uses it. The disks belong to the caller.
 */
public final class MemberOpener {
    private static final String WHAT = "cannot open member";

    /** Which sectors what is on a file was written for. */
    private interface Sectors {
        OptionalInt of(Disk file) throws DiskException;
    }

    private final Access access;
    private final Caching caching;
    private final Path devices;
    private final Sectors written;
    /** By what tells one disk from another: a file's identity, an export's place. */
    private final Map<Object, String> byIdentity = new HashMap<>();

    private final Map<String, String> bySerial = new HashMap<>();
    private Optional<RemoteMember.Use> remote = Optional.empty();

    /** With direct I/O where it can be had. */
    public MemberOpener(Access access) {
        this(access, Caching.DIRECT);
    }

    public MemberOpener(Access access, Caching caching) {
        this(access, caching, Serials.SYSTEM_DEVICES);
    }

    /** For members of a container of this format: a file is taken for a disk with the sectors that its metadata is written for. */
    public MemberOpener(Access access, MetadataFormat format) {
        this(access, Caching.DIRECT, Serials.SYSTEM_DEVICES, format::sectorBytes);
    }

    MemberOpener(Access access, Caching caching, Path devices) {
        this(access, caching, devices, _ -> OptionalInt.empty());
    }

    private MemberOpener(Access access, Caching caching, Path devices, Sectors written) {
        this.access = access;
        this.caching = caching;
        this.devices = devices;
        this.written = written;
    }

    /**
     * Takes exports of NBD servers too.
     *
     * @param format whose unused sectors hold their labels
     * @param timeoutNanos how long one may not be there, or be silent, before it has failed
     */
    public MemberOpener allowRemote(Env env, MetadataFormat format, long timeoutNanos) {
        remote = Optional.of(new RemoteMember.Use(env, format, timeoutNanos));
        return this;
    }

    /** Whether a member is named by the URI of an export. */
    public static boolean isRemote(String member) {
        return NbdAddress.looksLike(member);
    }

    /** The URI of a member with files and folders from the working folder of this process; what is none stays for opening to refuse. */
    public static String absoluteRemote(String member) {
        return RemoteMember.absolute(member);
    }

    /** A text that two URIs share when they are known to name one disk. */
    public static String placeOfRemote(String member) {
        return RemoteMember.place(member);
    }

    /** Whether two names, at least one of them a URI, are known to name one disk. */
    public static boolean sameRemote(String one, String other) {
        return RemoteMember.same(one, other);
    }

    /** Opens all or none. */
    public List<MemberDisk> openAll(List<String> members) throws ProblemException {
        List<MemberDisk> opened = new ArrayList<>();
        try {
            for (String member : members) {
                opened.add(open(member));
            }
        } catch (ProblemException e) {
            opened.forEach(m -> m.disk().close());
            throw e;
        }
        return opened;
    }

    /** Opens a member that must have a serial already. */
    public MemberDisk open(String member) throws ProblemException {
        if (isRemote(member)) {
            return openRemote(member, RemoteMember::serial);
        }
        NamedFile named = NamedFile.parse(member);
        FileStatus status = status(named.path());
        Optional<String> own = ownSerial(named, status);
        String serial = named.serial().or(() -> own).orElseThrow(() -> noSerial(named.path(), status.kind()));
        return open(named.path(), status, serial);
    }

    /**
     * Opens a disk that shall become a member: a file that has no serial yet gets one, the one named or a new one, and remembers it.
     * With access READ_ONLY nothing is remembered, and the serial is good for this time only. A disk on a server has the serial named, else
     * that of its label, else a new one; {@link Labelling} makes the label say so.
     */
    public MemberDisk openNew(String member, Env env) throws ProblemException {
        if (isRemote(member)) {
            return openRemote(
                    member, (named, label) -> named.serial().or(() -> label).orElseGet(() -> newSerial(env)));
        }
        NamedFile named = NamedFile.parse(member);
        FileStatus status = status(named.path());
        Optional<String> own = ownSerial(named, status);
        boolean fresh = own.isEmpty() && status.kind() == Kind.REGULAR;
        boolean remember = fresh && access == Access.EXCLUSIVE;
        String serial = fresh
                ? named.serial().orElseGet(() -> newSerial(env))
                : named.serial().or(() -> own).orElseThrow(() -> noSerial(named.path(), status.kind()));
        MemberDisk opened = open(named.path(), status, serial);
        try {
            if (remember) {
                rememberSerial(named.path(), serial);
            }
            return opened;
        } catch (ProblemException e) {
            if (named.serial().isPresent()) {
                return opened; // whoever names the serial now can name it again: the file need not remember it
            }
            opened.disk().close();
            throw e;
        }
    }

    /** Which serial a disk on a server has. */
    private interface SerialChoice {
        String of(RemoteMember.Named named, Optional<String> label) throws ProblemException;
    }

    private MemberDisk openRemote(String member, SerialChoice choice) throws ProblemException {
        RemoteMember.Use use = remote.orElseThrow(() -> RemoteMember.refusal(
                member, "disks on servers are not taken here", "Name an image file or a whole disk", null));
        RemoteMember.Named named = RemoteMember.parse(member);
        String name = named.address().toString();
        String place = named.address().place();
        refuseSecond(name, place, "");
        NbdDisk disk = RemoteMember.open(named.address(), access == Access.READ_ONLY, use);
        boolean done = false;
        try {
            Disk asWritten = asWritten(disk);
            String serial = choice.of(named, RemoteMember.labelAndMark(disk, asWritten, use));
            refuseSecond(name, place, serial);
            remember(name, place, serial);
            done = true;
            return new MemberDisk(name, serial, asWritten);
        } catch (DiskException e) {
            throw RemoteMember.refusal(name, e.why(), "Check its server, or leave it out", e);
        } finally {
            if (!done) {
                disk.close();
            }
        }
    }

    /** A serial that no other disk has: "RS" and 12 hexadecimal digits. */
    public static String newSerial(Env env) {
        return String.format(Locale.ROOT, "RS%012X", env.random().nextLong() >>> 16);
    }

    /** Makes a file remember its serial, durably. */
    public static void rememberSerial(Path file, String serial) throws ProblemException {
        try {
            RememberedSerial.remember(file, serial);
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot make the file remember its serial " + serial,
                            file.toString(),
                            "the extended attribute " + RememberedSerial.ATTRIBUTE + " cannot be written: "
                                    + e.getMessage(),
                            "Put the file on a file system with extended attributes, or name it " + file
                                    + "@SERIAL every time"),
                    e);
        }
    }

    private static FileStatus status(Path path) throws ProblemException {
        try {
            FileStatus status = FileStatus.of(path);
            if (status.kind() == Kind.REGULAR && status.sizeBytes() % Units.SECTOR_BYTES != 0) {
                throw refusal(
                        path,
                        "its " + status.sizeBytes() + " bytes are not whole sectors of " + Units.SECTOR_BYTES
                                + " bytes",
                        "If it was cut short, copy it again; a new file can be rounded up: truncate -s %"
                                + Units.SECTOR_BYTES + " " + path,
                        null);
            }
            return status;
        } catch (SystemCallException e) {
            throw refusal(path, e.getMessage(), remedy(e), e);
        }
    }

    /** What the disk itself says; empty when it says nothing. */
    private Optional<String> ownSerial(NamedFile named, FileStatus status) throws ProblemException {
        return switch (status.kind()) {
            case REGULAR -> {
                Optional<String> remembered = rememberedSerial(named.path());
                refuseContradiction(named, remembered);
                yield remembered.or(() -> label(named));
            }
            case BLOCK_DEVICE -> {
                if (Serials.isPartition(devices, status.identity())) {
                    throw refusal(
                            named.path(),
                            "it is a partition, and members are whole disks",
                            "Name the disk that it is on",
                            null);
                }
                // A serial named wins over the hardware's: adapters change what they report, and metadata may have been
                // made to
                // name devices by their path (docs/imsm.md, 2.3).
                yield Serials.ofDevice(devices, status.identity()).or(() -> label(named));
            }
            case PIPE, OTHER ->
                throw refusal(
                        named.path(),
                        "it is neither a regular file nor a block device",
                        "Name an image file or a whole disk",
                        null);
        };
    }

    /** What the label says of a disk that has been on a server; who names a serial need not be told another one by it. */
    private Optional<String> label(NamedFile named) {
        if (remote.isEmpty() || named.serial().isPresent()) {
            return Optional.empty();
        }
        try (Disk disk = asWritten(FileDisk.open(named.path(), Access.READ_ONLY, caching))) {
            return RemoteMember.label(disk, remote.get());
        } catch (DiskException e) {
            return Optional.empty(); // opening it for good tells why it cannot be read
        }
    }

    private static Optional<String> rememberedSerial(Path path) throws ProblemException {
        Optional<String> raw;
        try {
            raw = RememberedSerial.of(path);
        } catch (IOException e) {
            return Optional
                    .empty(); // A file system without attributes: the file remembers nothing, and the caller asks for a
            // serial.
        }
        if (raw.isPresent()
                && (raw.get().isEmpty() || !Serials.normalise(raw.get()).equals(raw.get()))) {
            throw refusal(
                    path,
                    "its extended attribute " + RememberedSerial.ATTRIBUTE + " is no serial: \"" + raw.get() + "\"",
                    "Write the right one: setfattr -n " + RememberedSerial.ATTRIBUTE + " -v SERIAL " + path,
                    null);
        }
        return raw;
    }

    private static void refuseContradiction(NamedFile named, Optional<String> remembered) throws ProblemException {
        if (named.serial().isPresent()
                && remembered.isPresent()
                && !named.serial().equals(remembered)) {
            throw refusal(
                    named.path(),
                    "it is named with serial " + named.serial().get() + ", but remembers that its serial is "
                            + remembered.get(),
                    "Name it " + named.path() + "@" + remembered.get() + ", or make it forget: setfattr -x "
                            + RememberedSerial.ATTRIBUTE + " " + named.path(),
                    null);
        }
    }

    private MemberDisk open(Path path, FileStatus status, String serial) throws ProblemException {
        refuseSecond(path.toString(), status.identity(), serial);
        try {
            Disk disk = FileDisk.open(path, access, caching);
            remember(path.toString(), status.identity(), serial);
            return new MemberDisk(path.toString(), serial, status.kind() == Kind.REGULAR ? asWritten(disk) : disk);
        } catch (DiskException e) {
            throw refusal(path, e.why(), remedy(e.getCause()), e);
        }
    }

    private void refuseSecond(String name, Object identity, String serial) throws ProblemException {
        String sameDisk = byIdentity.get(identity);
        if (sameDisk != null) {
            throw new ProblemException(
                    new Problem(WHAT, name, "it is the same disk as " + sameDisk, "Name every disk once"));
        }
        String sameSerial = bySerial.get(serial);
        if (sameSerial != null) {
            throw new ProblemException(new Problem(
                    WHAT,
                    name,
                    "its serial " + serial + " is also that of " + sameSerial
                            + ", so that one may be a copy of the other",
                    "Leave one of them out"));
        }
    }

    private void remember(String name, Object identity, String serial) {
        byIdentity.put(identity, name);
        bySerial.put(serial, name);
    }

    private Disk asWritten(Disk file) throws DiskException {
        try {
            int sectorBytes = written.of(file).orElse(file.logicalSectorBytes());
            return sectorBytes > file.logicalSectorBytes() ? new LargeSectorDisk(file, sectorBytes) : file;
        } catch (DiskException e) {
            file.close();
            throw e;
        }
    }

    private static ProblemException noSerial(Path path, Kind kind) {
        String why = kind == Kind.BLOCK_DEVICE
                ? "the device has no serial number, and the metadata tells disks apart by nothing else"
                : "the file remembers no serial, and the metadata tells disks apart by nothing else";
        return refusal(path, why, "Name it " + path + "@SERIAL, with the serial that the metadata has for it", null);
    }

    private static String remedy(Throwable cause) {
        Errno errno = cause instanceof SystemCallException e ? e.errno() : Errno.OTHER;
        return switch (errno) {
            case ENOENT, ENOTDIR, ENXIO, ENODEV -> "Check the path";
            case EACCES, EPERM ->
                "Run as a user who may read and write it, or use it read-only: restripe cat, restripe assemble"
                        + " --read-only";
            case EROFS -> "Make it writable, or use it read-only: restripe cat, restripe assemble --read-only";
            case EBUSY -> "Unmount it or stop what uses it";
            default -> "Stop what uses it (restripe status shows the running arrays), or leave it out";
        };
    }

    private static ProblemException refusal(Path path, String why, String remedy, Throwable cause) {
        return new ProblemException(new Problem(WHAT, path.toString(), why, remedy), cause);
    }
}
