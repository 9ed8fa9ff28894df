package io.restripe.metadata.imsm;

import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The parts of the MPB that belong to no single volume: header, disk table, names, bad-block log (docs/imsm.md, 2.1 to 2.4). One use. */
final class TableCheck {
    private final Findings findings;
    private final ImsmMetadata metadata;
    private final Mpb mpb;

    TableCheck(Findings findings, ImsmMetadata metadata) {
        this.findings = findings;
        this.metadata = metadata;
        this.mpb = metadata.mpb();
    }

    void run() {
        if (mpb.volumes().isEmpty()) {
            return; // spares only: there is no MPB
        }
        checkAttributes();
        Set<Integer> used = new HashSet<>();
        mpb.volumes().forEach(volume -> used.addAll(MpbCheck.disksOf(volume)));
        for (int i = 0; i < mpb.disks().size(); i++) {
            checkDisk(i, mpb.disks().get(i), used.contains(i));
        }
        checkNames();
        checkBadBlocks();
    }

    private void checkAttributes() {
        long attributes = mpb.header().attributes();
        long unknown = Attributes.unsupported(attributes);
        String where = "MPB header, attributes";
        if (unknown != 0) {
            findings.add(
                    Severity.WARNING,
                    Kind.HEADER,
                    "features that nobody here knows",
                    where,
                    "bits " + Long.toHexString(unknown) + " are set",
                    "Only look at it, or change it with what made it");
        }
        long due = Attributes.normalised(mpb, metadata.blocks());
        if (due != attributes) {
            findings.odd(
                    Kind.HEADER,
                    "attributes do not follow from the content",
                    where,
                    Long.toHexString(attributes) + ", the content demands " + Long.toHexString(due));
        }
    }

    private void checkDisk(int index, DiskEntry disk, boolean used) {
        String where = "disk table, entry " + index + " \"" + disk.serial() + "\"";
        if ((disk.status() & DiskEntry.SPARE) != 0 || (disk.status() & DiskEntry.CONFIGURED) == 0) {
            findings.wrong(
                    Kind.DISK_TABLE,
                    "an entry that is not a member's",
                    where,
                    "status " + disk.status() + ": entries are members (2) or failed members (6), spares have none");
        } else if (!used) {
            findings.odd(
                    Kind.DISK_TABLE,
                    "an entry that no volume uses",
                    where,
                    "status " + disk.status() + ", and no map names it");
        }
        if (disk.serial().isEmpty()) {
            findings.wrong(Kind.DISK_TABLE, "an entry without a serial", where, "nothing else identifies the disk");
        }
    }

    private void checkNames() {
        Set<String> names = new HashSet<>();
        Set<Integer> ids = new HashSet<>();
        List<VolumeEntry> volumes = mpb.volumes();
        for (int v = 0; v < volumes.size(); v++) {
            VolumeEntry volume = volumes.get(v);
            String where = "volume " + v;
            if (volume.name().isEmpty() || !names.add(volume.name())) {
                findings.wrong(
                        Kind.HEADER,
                        "a name that does not tell the volume",
                        where,
                        volume.name().isEmpty() ? "it is empty" : "\"" + volume.name() + "\" is another volume's too");
            }
            if (!ids.add(volume.volumeId())) {
                findings.add(
                        Severity.NOTE,
                        Kind.HEADER,
                        "a volume ID that is there twice",
                        where + " \"" + volume.name() + "\"",
                        "ID " + volume.volumeId() + ", as real mdadm may give it",
                        "Nothing: the ID identifies nothing here");
            }
        }
    }

    private void checkBadBlocks() {
        for (BadBlock bad : mpb.badBlocks()) {
            DiskEntry disk = mpb.disks().get(bad.disk());
            String where = "bad-block log, disk " + bad.disk() + " \"" + disk.serial() + "\", sectors " + bad.sector()
                    + " to " + (bad.sector() + bad.sectors() - 1);
            if (bad.sector() + bad.sectors() > disk.totalSectors()) {
                findings.wrong(
                        Kind.BAD_BLOCKS,
                        "bad blocks behind the end of their disk",
                        where,
                        "the disk has " + disk.totalSectors() + " sectors");
            } else if (!disk.isWorking()) {
                findings.odd(
                        Kind.BAD_BLOCKS,
                        "bad blocks of a failed disk",
                        where,
                        "a disk's entries go when it is marked failed or missing");
            } else {
                findings.add(
                        Severity.WARNING,
                        Kind.BAD_BLOCKS,
                        "bad blocks are recorded",
                        where,
                        "what lies there can only be had from the other members",
                        "Replace the disk when there are many");
            }
        }
    }
}
