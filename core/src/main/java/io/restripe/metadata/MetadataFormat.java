package io.restripe.metadata;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Bytes on members <-> {@link ContainerMetadata}. Never sees array I/O. Stateless: any thread may call. */
public interface MetadataFormat {
    String name();

    /**
     * Looks at a disk. Reads only.
     *
     * @return empty when the disk carries nothing of this format
     * @throws MetadataException when it does, and the bytes are damaged
     */
    Optional<Claim> taste(MemberDisk member) throws MetadataException, DiskException;

    /** The byte of a disk at which its metadata is looked for. */
    long placeBytes(Disk disk);

    /**
     * The size of the sectors that this format's metadata on a disk counts in, as far as its place tells: a file that stands for a disk does
     * not say itself. Reads only; checks no more than that there is something.
     *
     * @return empty when the disk carries nothing of this format
     */
    OptionalInt sectorBytes(Disk disk) throws DiskException;

    /**
     * The first of 8 sectors of a disk in which neither this format nor an array of its keeps anything, whatever becomes of the disk: a place
     * for a label.
     *
     * @return empty when the disk is too small for that
     */
    OptionalLong unusedSector(Disk disk);

    /**
     * Chooses the container's state among what its disks say. Pure. Never guesses: disks of two containers, one disk twice, or
     * records that contradict each other are a MetadataException that says which.
     */
    Selection choose(List<Claim> claims) throws MetadataException;

    /**
     * Holds what the disks say against itself, against each other and against the disks, strictly: everything that a correct writer
     * would not leave is a finding. Reads only, and every sector once.
     */
    Inspection inspect(List<MemberDisk> members);

    /** Metadata of a new container over these disks, without volumes: all spares. Nothing is written before commit. */
    ContainerMetadata create(List<MemberDisk> disks);

    /**
     * Makes every member at hand say {@code chosen}, exactly as it is and under its generation, so that being behind by more than one
     * change is never the work of a crash, however often the power fails; then wipes what an earlier reshape left. One member after the
     * other, each flushed before the next.
     *
     * @param behind members that carry an older or damaged state
     * @param disks serial -> disk, of all disks at hand
     */
    Committed settle(ContainerMetadata chosen, Collection<MemberDisk> behind, Map<String, MemberDisk> disks);

    /**
     * Makes {@code wanted} durable on every disk it uses. Disk after disk, each flushed before the next is touched.
     *
     * @param disks serial -> disk, of all disks at hand
     * @throws DiskException when no disk could be written
     */
    Committed commit(ContainerMetadata wanted, Map<String, MemberDisk> disks) throws DiskException;

    /**
     * Makes the progress of the running reshape durable on every working disk that must carry the record (R9), before anything of the
     * rest of the metadata says so. For {@code pending} metadata, not yet committed, it writes the record that the commit will make
     * valid (R12).
     *
     * @return serial -> why, of record disks that could not be written; never all of them: that is the exception
     */
    Map<String, String> writeProgress(
            ContainerMetadata pending, int volume, Progress progress, Map<String, MemberDisk> disks)
            throws DiskException;

    /** Wipes this format's metadata from disks, each flushed. */
    void erase(Collection<MemberDisk> disks) throws DiskException;
}
