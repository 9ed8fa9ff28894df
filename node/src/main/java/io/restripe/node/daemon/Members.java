package io.restripe.node.daemon;

import io.restripe.assembly.ForeignData;
import io.restripe.assembly.Labelling;
import io.restripe.assembly.MemberOpener;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.disk.VolatileCacheDisk;
import io.restripe.env.Env;
import io.restripe.metadata.Claim;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Opens the disks that a user names, and refuses those that would lose something by becoming members. The disks belong to the caller.
 * Stateless.
 */
final class Members {
    private static final double EARLY_WRITE_CHANCE = 0.02;
    private static final long CACHE_SECTORS = 16L * 2048;

    private final Env env;
    private final MetadataFormat format;
    private final MemberLocks locks;
    private final long timeoutNanos;
    private final boolean volatileCache;
    private final FileDisk.Access use;

    /** @param timeoutNanos how long a member on a server may not be there, or be silent, before it has failed */
    Members(Env env, MetadataFormat format, MemberLocks locks, long timeoutNanos, boolean volatileCache) {
        this(env, format, locks, timeoutNanos, volatileCache, FileDisk.Access.EXCLUSIVE);
    }

    /** @param use how the disks of a container that runs are opened */
    Members(
            Env env,
            MetadataFormat format,
            MemberLocks locks,
            long timeoutNanos,
            boolean volatileCache,
            FileDisk.Access use) {
        this.locks = locks;
        this.env = env;
        this.format = format;
        this.timeoutNanos = timeoutNanos;
        this.volatileCache = volatileCache;
        this.use = use;
    }

    /** Opens the members of an existing container: all or none. */
    List<MemberDisk> open(List<String> members, boolean readOnly) throws ProblemException {
        FileDisk.Access access = readOnly ? FileDisk.Access.READ_ONLY : use;
        List<MemberDisk> locked = new ArrayList<>();
        List<MemberDisk> opened =
                allowingRemote(new MemberOpener(access, format)).openAll(members);
        try {
            for (MemberDisk member : opened) {
                locked.add(locks.locked(member, !readOnly));
            }
            return locked.stream().map(this::layered).toList();
        } catch (ProblemException e) {
            locked.forEach(member -> member.disk().close());
            opened.forEach(member -> member.disk().close());
            throw e;
        }
    }

    private MemberOpener allowingRemote(MemberOpener opener) {
        return opener.allowRemote(env, format, timeoutNanos);
    }

    private MemberDisk layered(MemberDisk member) {
        return volatileCache
                ? new MemberDisk(
                        member.name(),
                        member.serial(),
                        new VolatileCacheDisk(member.disk(), env, env.random(), EARLY_WRITE_CHANCE, CACHE_SECTORS))
                : member;
    }

    /**
     * Opens the disks of a new container: all or none.
     *
     * @param force although they carry something
     */
    Newcomers openForCreating(List<String> members, NewFiles files, boolean force) throws ProblemException {
        return openNew(members, files, force, Optional.empty(), List.of());
    }

    /**
     * Opens disks that shall join a container: all or none.
     *
     * @param force although they carry something else
     * @param present the disks of the container
     */
    Newcomers openForAdding(
            List<String> members, NewFiles files, boolean force, Container container, Collection<MemberDisk> present)
            throws ProblemException {
        return openNew(members, files, force, Optional.of(container), present);
    }

    private Newcomers openNew(
            List<String> members,
            NewFiles files,
            boolean force,
            Optional<Container> joins,
            Collection<MemberDisk> present)
            throws ProblemException {
        Newcomers newcomers = new Newcomers();
        // A file that joins keeps the sectors of the container that it was in; a new container is made for a file's
        // own.
        MemberOpener opener = allowingRemote(
                joins.isPresent() ? new MemberOpener(use, format) : new MemberOpener(FileDisk.Access.EXCLUSIVE));
        try {
            for (String member : members) {
                if (files.bytes() > 0 && !MemberOpener.isRemote(member)) {
                    makeFile(member, files).ifPresent(newcomers::made);
                }
                MemberDisk disk = locks.locked(opener.openNew(member, env), true);
                newcomers.opened(joins.isPresent() ? layered(disk) : disk);
                if (!force) {
                    refuseContents(disk, joins);
                }
            }
            label(newcomers, present);
            return newcomers;
        } catch (ProblemException e) {
            newcomers.close();
            throw e;
        }
    }

    /** Those that are on servers get their serials, now that nothing else is to be refused about what they carry. */
    private void label(Newcomers newcomers, Collection<MemberDisk> present) throws ProblemException {
        List<MemberDisk> remote = new ArrayList<>();
        List<MemberDisk> others = new ArrayList<>(present);
        for (MemberDisk disk : newcomers.disks()) {
            (MemberOpener.isRemote(disk.name()) ? remote : others).add(disk);
        }
        if (!remote.isEmpty()) {
            newcomers.labelled(Labelling.write(format, remote, others));
        }
    }

    /** As {@link #openForAdding} would, without making or changing any file: for a plan. */
    Newcomers openForPlanning(List<String> members, NewFiles files, Container container) throws ProblemException {
        Newcomers newcomers = new Newcomers();
        MemberOpener opener = allowingRemote(new MemberOpener(FileDisk.Access.READ_ONLY, format));
        try {
            for (String member : members) {
                Path path = path(member);
                if (files.bytes() > 0 && !MemberOpener.isRemote(member) && refuseOtherSize(member, path, files)) {
                    newcomers.opened(new MemberDisk(
                            path.toString(),
                            MemberOpener.newSerial(env),
                            new PlannedDisk(path.toString(), sectors(path, files))));
                    continue;
                }
                MemberDisk disk = opener.openNew(member, env);
                newcomers.opened(disk);
                refuseContents(disk, Optional.of(container));
            }
            return newcomers;
        } catch (ProblemException e) {
            newcomers.close();
            throw e;
        }
    }

    /** The file that was made, if the member did not exist. */
    private static Optional<Path> makeFile(String member, NewFiles files) throws ProblemException {
        Path path = path(member);
        if (!refuseOtherSize(member, path, files)) {
            return Optional.empty();
        }
        long sectors = sectors(path, files);
        try {
            if (!files.sparse()) {
                refuseNoSpace(path, files.bytes());
            }
            (files.sparse()
                            ? FileDisk.create(path, sectors, FileDisk.Caching.DIRECT)
                            : FileDisk.createAllocated(path, sectors, FileDisk.Caching.DIRECT))
                    .close();
            return Optional.of(path);
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem(
                            "cannot make the member file",
                            path.toString(),
                            String.valueOf(e.getMessage()),
                            "Choose a folder that can be written and a size that its file system takes; with --sparse space is"
                                    + " taken only when it is written"),
                    e);
        }
    }

    /** Asked before any space is taken, so that a size that is far too large does not fill the file system for a moment. */
    private static void refuseNoSpace(Path path, long bytes) throws IOException, ProblemException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return; // making the file tells what is wrong
        }
        long left = Files.getFileStore(folder).getUsableSpace();
        if (bytes > left) {
            throw new ProblemException(
                    new Problem(
                            "cannot make the member file",
                            path.toString(),
                            "no space: it shall have " + bytes + " bytes, its file system has " + left + " left",
                            "Choose a smaller --file-size or another place; with --sparse space is taken only when it is written"));
        }
    }

    private static Path path(String member) {
        int at = member.lastIndexOf('@');
        Path whole = Path.of(member);
        return at > 0 && !Files.exists(whole) ? Path.of(member.substring(0, at)) : whole;
    }

    /** True when there is no such file yet; one of another size than the one asked for is refused. */
    private static boolean refuseOtherSize(String member, Path path, NewFiles files) throws ProblemException {
        try {
            if (!Files.exists(path)) {
                return true;
            }
            if (Files.isRegularFile(path) && Files.size(path) != files.bytes()) {
                throw new ProblemException(new Problem(
                        "cannot make " + member + " with --file-size",
                        path.toString(),
                        "the file exists and has " + Files.size(path) + " bytes, not " + files.bytes(),
                        "Leave out --file-size to use it as it is, or name another file"));
            }
            return false;
        } catch (IOException e) {
            return false; // it cannot be looked at: opening it tells why
        }
    }

    private static long sectors(Path path, NewFiles files) throws ProblemException {
        if (files.bytes() % Units.SECTOR_BYTES != 0) {
            throw new ProblemException(new Problem(
                    "cannot make the member file",
                    path.toString(),
                    files.bytes() + " bytes are not whole sectors of " + Units.SECTOR_BYTES + " bytes",
                    "Choose another --file-size"));
        }
        return Units.sectorsOfBytesExact(files.bytes());
    }

    /** A device as a member is named: with the serial that its own record says, where it is a spare that only waits for its container. */
    String asRecorded(Path device) {
        try (FileDisk disk = FileDisk.open(device, FileDisk.Access.READ_ONLY)) {
            return format.taste(new MemberDisk(device.toString(), "", disk))
                    .flatMap(Claim::ownSerial)
                    .map(serial -> device + "@" + serial)
                    .orElse(device.toString());
        } catch (DiskException | MetadataException e) {
            return device.toString(); // opening it as a member tells what is wrong with it
        }
    }

    /** Refuses a disk that carries anything but an older state of the container it shall join. */
    private void refuseContents(MemberDisk member, Optional<Container> joins) throws ProblemException {
        try {
            if (joins.isEmpty()
                    && format.sectorBytes(member.disk()).orElse(0)
                            > member.disk().logicalSectorBytes()) {
                throw refusal(member, "it carries " + format.name() + " metadata for a disk with larger sectors");
            }
            Optional<Claim> claim = format.taste(member);
            if (claim.isPresent()) {
                boolean own = claim.get().spare() || joins.isPresent() && of(claim.get(), joins.get());
                if (joins.isEmpty() || !own) {
                    throw refusal(member, "it carries " + format.name() + " metadata of a container");
                }
                return;
            }
            Optional<Problem> foreign = ForeignData.refusal("cannot use " + member.name() + " as a member", member);
            if (foreign.isPresent()) {
                throw new ProblemException(foreign.get());
            }
        } catch (MetadataException e) {
            throw refusal(member, "it carries damaged " + format.name() + " metadata (" + e.getMessage() + ")");
        } catch (DiskException e) {
            throw new ProblemException(
                    new Problem("cannot use member", member.name(), String.valueOf(e.getMessage()), "Use another disk"),
                    e);
        }
    }

    private boolean of(Claim claim, Container container) {
        try {
            return format.choose(List.of(claim)).metadata().container().uuid().equals(container.uuid());
        } catch (MetadataException e) {
            return false; // what cannot be told to be ours is not
        }
    }

    private static ProblemException refusal(MemberDisk member, String why) {
        return new ProblemException(new Problem(
                "cannot use " + member.name() + " as a member",
                member.name(),
                why,
                "Use another disk, or say --force if that may be lost"));
    }
}
