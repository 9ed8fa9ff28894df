package io.restripe.node.daemon;

import io.restripe.assembly.MemberOpener;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskLayer;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import io.restripe.os.SystemFile.Option;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;

/**
 * Locks for members on servers, which cannot be locked there: whoever on this machine, with this run folder, opens one for writing has its
 * serial and its address alone. Readers share. The system lets go of a lock when its process dies. Stateless; any thread may call.
 *
 * @param folder where the lock files are; made when it is needed. Lock files stay
 */
record MemberLocks(Path folder) {
    private static final int DIGEST_BYTES = 16;

    /** A disk with its locks; all go together. */
    private static final class Locked extends DiskLayer {
        private final List<SystemFile> locks;

        Locked(Disk disk, List<SystemFile> locks) {
            super(disk);
            this.locks = locks;
        }

        @Override
        public void close() {
            super.close();
            locks.forEach(SystemFile::close);
        }
    }

    /**
     * The same disk, locked until it is closed; one that is no disk on a server as it is. When it is refused the disk is closed.
     *
     * @param exclusive for writing
     */
    MemberDisk locked(MemberDisk member, boolean exclusive) throws ProblemException {
        if (!MemberOpener.isRemote(member.name())) {
            return member;
        }
        List<SystemFile> locks = new ArrayList<>();
        boolean done = false;
        try {
            lock(locks, member, "its serial " + member.serial(), member.serial(), exclusive);
            lock(locks, member, "what is at this address", MemberOpener.placeOfRemote(member.name()), exclusive);
            done = true;
            return new MemberDisk(member.name(), member.serial(), new Locked(member.disk(), locks));
        } catch (IOException e) {
            if (!exclusive) {
                done = true;
                locks.forEach(SystemFile::close);
                return member; // whoever only reads needs no run folder
            }
            throw new ProblemException(
                    new Problem(
                            "cannot lock member " + member.name(),
                            folder.toString(),
                            String.valueOf(e.getMessage()),
                            "Set RESTRIPE_RUN to a folder of yours that can be written"),
                    e);
        } finally {
            if (!done) {
                locks.forEach(SystemFile::close);
                member.disk().close();
            }
        }
    }

    private void lock(List<SystemFile> locks, MemberDisk member, String what, String key, boolean exclusive)
            throws IOException, ProblemException {
        SystemFile lock = open(key);
        locks.add(lock);
        if (!lock.tryLock(exclusive)) {
            throw new ProblemException(new Problem(
                    "cannot open member",
                    member.name(),
                    what + " is in use by a process of this machine",
                    "Stop what uses it (restripe status shows the running arrays), or leave it out"));
        }
    }

    private SystemFile open(String key) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve(fileName(key));
        try {
            return SystemFile.open(file, EnumSet.of(Option.WRITE, Option.CREATE_NEW));
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            return SystemFile.open(file, EnumSet.of(Option.WRITE));
        }
    }

    /** Keys may be long and have slashes. */
    private static String fileName(String key) throws IOException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }
}
