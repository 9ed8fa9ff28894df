package io.restripe.metadata.imsm;

import io.restripe.metadata.Claim;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import java.util.Optional;

/**
 * One disk with the MPB found on it.
 *
 * @param record what its last sector says, as far as it can be read as a record; empty when it is zero or damaged
 * @param recordDamage why the last sector is no record, when it is neither zero nor one
 */
record ImsmClaim(
        MemberDisk member,
        Mpb mpb,
        Blocks blocks,
        Optional<MigrationRecord> record,
        Optional<MetadataException> recordDamage)
        implements Claim {
    @Override
    public long generation() {
        return mpb.header().generation();
    }

    @Override
    public boolean spare() {
        return mpb.volumes().isEmpty();
    }

    @Override
    public Optional<String> ownSerial() {
        return spare() && mpb.disks().size() == 1
                ? Optional.of(mpb.disks().getFirst().serial())
                : Optional.empty();
    }

    String serial() {
        return member.serial();
    }

    String name() {
        return member.name();
    }

    boolean recordSectorIsZero() {
        return record.isEmpty() && recordDamage.isEmpty();
    }

    /**
     * Whether this disk's record says of another disk that it failed or was missing. Place-holders of short serials that differ at the
     * start only are alike: one of a disk that the record still has is another's.
     */
    boolean denies(ImsmClaim other) {
        return mpb.workingDisk(other.serial()) < 0
                && mpb.disks().stream().anyMatch(d -> d.isFailed() && Serials.standsFor(d.serial(), other.serial()));
    }
}
