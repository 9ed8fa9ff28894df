package io.restripe.metadata.imsm;

import io.restripe.metadata.Claim;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import java.util.Optional;

/**
 * A disk whose MPB takes several sectors that do not belong together: what a power cut leaves between the write of the later sectors and
 * that of the anchor, or after it where anchors are written first. The MPB being the same on all members, another one's stands in for
 * it, if the anchor says that this disk took part in a write next to it.
 *
 * @param header what the anchor says; no checksum vouches for it
 * @param why how the MPB fails
 */
record TornClaim(
        MemberDisk member,
        MpbHeader header,
        Blocks blocks,
        Optional<MigrationRecord> record,
        Optional<MetadataException> recordDamage,
        MetadataException why)
        implements Claim {
    @Override
    public long generation() {
        return header.generation();
    }

    @Override
    public boolean spare() {
        return false;
    }

    /**
     * Whether the disk took part in the write that {@code mpb} comes from, in the one before, or in the one after, of which an anchor may
     * be all that reached any disk.
     */
    boolean belongsTo(Mpb mpb) {
        long behind = mpb.header().generation() - generation();
        return header.origFamily() == mpb.header().origFamily() && Math.abs(behind) <= 1;
    }

    /** The claim with another member's MPB. */
    ImsmClaim with(Mpb mpb) {
        return new ImsmClaim(member, mpb, blocks, record, recordDamage);
    }
}
