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
import java.util.EnumSet;
import java.util.HexFormat;

/**
 * Locks for members on servers, which cannot be locked there: whoever on this machine, with this run folder, opens one of the same serial for
 * writing has it alone. Readers share. The system lets go of a lock when its process dies. Stateless; any thread may call.
 *
 * @param folder where the lock files are; made when it is needed. Lock files stay
 */
record MemberLocks(Path folder) {
    /** A disk with its lock; both go together. */
    private static final class Locked extends DiskLayer {
        private final SystemFile lock;

        Locked(Disk disk, SystemFile lock) {
            super(disk);
            this.lock = lock;
        }

        @Override
        public void close() {
            super.close();
            lock.close();
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
        boolean done = false;
        try {
            SystemFile lock = open(member.serial());
            if (!lock.tryLock(exclusive)) {
                lock.close();
                throw new ProblemException(new Problem(
                        "cannot open member",
                        member.name(),
                        "its serial " + member.serial() + " is in use by a process of this machine",
                        "Stop what uses it (restripe status shows the running arrays), or leave it out"));
            }
            done = true;
            return new MemberDisk(member.name(), member.serial(), new Locked(member.disk(), lock));
        } catch (IOException e) {
            if (!exclusive) {
                done = true;
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
                member.disk().close();
            }
        }
    }

    private SystemFile open(String serial) throws IOException {
        Files.createDirectories(folder);
        String name = HexFormat.of().formatHex(serial.getBytes(StandardCharsets.ISO_8859_1));
        Path file = folder.resolve(name);
        try {
            return SystemFile.open(file, EnumSet.of(Option.WRITE, Option.CREATE_NEW));
        } catch (SystemCallException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            return SystemFile.open(file, EnumSet.of(Option.WRITE));
        }
    }
}
