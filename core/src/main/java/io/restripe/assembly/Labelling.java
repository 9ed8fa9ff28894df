package io.restripe.assembly;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Labels for disks on servers that shall become members, and the proof that each is a disk of its own: two addresses may lead to one
 * export, and a file at hand may be what a server exports, and nothing but what is written shows it. Taken back when the disks do not become
 * members after all. Owner: one thread.
 */
public final class Labelling {
    private static final System.Logger LOG = System.getLogger("io.restripe.assembly");

    private final MetadataFormat format;
    /** What stood in the place of each label. */
    private final Map<MemberDisk, MemorySegment> before = new LinkedHashMap<>();

    private Labelling(MetadataFormat format) {
        this.format = format;
    }

    /**
     * Labels disks that have no label with their serial yet; durable on return.
     *
     * @param remote disks on servers
     * @param others disks at hand that none of these may be
     * @throws ProblemException when one of them is another one, or cannot be written; then all is as it was
     */
    public static Labelling write(MetadataFormat format, Collection<MemberDisk> remote, Collection<MemberDisk> others)
            throws ProblemException {
        Labelling labelling = new Labelling(format);
        try {
            for (MemberDisk disk : remote) {
                labelling.label(disk);
            }
            labelling.requireOneEach(remote, others);
            return labelling;
        } catch (ProblemException e) {
            labelling.undo();
            throw e;
        }
    }

    private void label(MemberDisk disk) throws ProblemException {
        long sector = format.unusedSector(disk.disk())
                .orElseThrow(() -> refusal(
                        disk,
                        "it is too small for a member: " + disk.disk().sectors() + " sectors",
                        "Use a larger one"));
        try {
            if (!MemberLabel.read(disk.disk(), sector).equals(Optional.of(disk.serial()))) {
                MemorySegment old = Buffers.allocate(MemberLabel.SECTORS);
                disk.disk().read(sector, old);
                before.put(disk, old);
                MemberLabel.write(disk.disk(), sector, disk.serial());
            }
        } catch (DiskException e) {
            throw failed(disk, e);
        }
    }

    private void requireOneEach(Collection<MemberDisk> remote, Collection<MemberDisk> others) throws ProblemException {
        for (MemberDisk disk : remote) {
            if (!labelOf(disk).equals(Optional.of(disk.serial()))) {
                throw refusal(
                        disk,
                        "what is written there is not read back: it is the same disk as another one that"
                                + " is named, or its server does not keep what it is given",
                        "Name every disk once");
            }
        }
        List<String> serials = remote.stream().map(MemberDisk::serial).toList();
        for (MemberDisk other : others) {
            Optional<String> label = labelIfReadable(other);
            if (label.isPresent()
                    && serials.contains(label.get())
                    && !other.serial().equals(label.get())) {
                throw refusal(
                        remote.stream()
                                .filter(disk -> disk.serial().equals(label.get()))
                                .findFirst()
                                .orElseThrow(),
                        "it is the same disk as " + other.name(),
                        "Name every disk once");
            }
        }
    }

    /** A disk that cannot be read is not known to be another one: a failed member keeps nobody from replacing it. */
    private Optional<String> labelIfReadable(MemberDisk disk) {
        try {
            return labelOf(disk);
        } catch (ProblemException e) {
            LOG.log(System.Logger.Level.DEBUG, "cannot compare with {0}: {1}", disk.name(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<String> labelOf(MemberDisk disk) throws ProblemException {
        try {
            long sector = format.unusedSector(disk.disk()).orElse(-1);
            return sector < 0 ? Optional.empty() : MemberLabel.read(disk.disk(), sector);
        } catch (DiskException e) {
            throw failed(disk, e);
        }
    }

    /** Puts back what stood where the labels are now. What cannot be written stays: the refusal that is under way matters more. */
    public void undo() {
        List<MemberDisk> labelled = new ArrayList<>(before.keySet()).reversed();
        for (MemberDisk disk : labelled) {
            try {
                disk.disk().write(format.unusedSector(disk.disk()).orElseThrow(), before.get(disk));
                disk.disk().flush();
            } catch (DiskException e) {
                LOG.log(System.Logger.Level.WARNING, "a label stays on {0}: {1}", disk.name(), e.getMessage());
            }
        }
        before.clear();
    }

    /** This disk has become a member: its label stays. */
    public void keep(MemberDisk disk) {
        before.remove(disk);
    }

    private static ProblemException failed(MemberDisk disk, DiskException e) {
        return new ProblemException(
                new Problem("cannot use member", disk.name(), String.valueOf(e.getMessage()), "Use another disk"), e);
    }

    private static ProblemException refusal(MemberDisk disk, String why, String remedy) {
        return new ProblemException(
                new Problem("cannot use " + disk.name() + " as a member", disk.name(), why, remedy));
    }
}
