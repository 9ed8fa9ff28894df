package io.restripe.assembly;

import io.restripe.disk.DiskException;
import io.restripe.metadata.Claim;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Selection;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each disk says of itself when a container is put together: a claim, damage, or nothing. A disk that says nothing and is known to
 * the others was a member and has lost its end, where metadata lies: cut short, made longer, or overwritten there. That is told, for
 * to take it as an empty disk would give up what it holds.
 */
final class MemberClaims {
    private static final String LEAVE_OUT = "Leave this member out; the others may be enough";
    private static final String LOST =
            "Put it back as it was, from a copy; or leave it out and start without it: restripe assemble --run";

    private final String what;
    private final MetadataFormat format;
    private final List<Claim> claims = new ArrayList<>();
    private final List<MemberDisk> bare = new ArrayList<>();
    private final Map<MemberDisk, ProblemException> damaged = new LinkedHashMap<>();

    private MemberClaims(String what, MetadataFormat format) {
        this.what = what;
        this.format = format;
    }

    /**
     * @param what cannot be done, for refusals
     * @throws ProblemException when a disk cannot be read, or all of them are damaged
     */
    static MemberClaims of(String what, MetadataFormat format, List<MemberDisk> members) throws ProblemException {
        MemberClaims claims = new MemberClaims(what, format);
        for (MemberDisk member : members) {
            claims.taste(member);
        }
        if (claims.claims.isEmpty()) {
            claims.refuseDamaged();
        }
        return claims;
    }

    private void taste(MemberDisk member) throws ProblemException {
        String where = "member " + member.name();
        try {
            format.taste(member).ifPresentOrElse(claims::add, () -> bare.add(member));
        } catch (MetadataException e) {
            Problem problem =
                    new Problem(what, where + ", " + e.structure(), String.valueOf(e.getMessage()), LEAVE_OUT);
            damaged.put(member, new ProblemException(problem, e));
        } catch (DiskException e) {
            throw new ProblemException(new Problem(what, where, String.valueOf(e.getMessage()), LEAVE_OUT), e);
        }
    }

    /** @throws ProblemException about the first disk whose metadata is there and damaged, when there is one */
    void refuseDamaged() throws ProblemException {
        if (!damaged.isEmpty()) {
            throw damaged.values().iterator().next();
        }
    }

    /**
     * The choice among the claims.
     *
     * @throws ProblemException about the first of the disks that carry nothing, when there is one
     */
    Selection choose() throws ProblemException, MetadataException {
        if (claims.isEmpty()) {
            refuseBare(List.of());
        }
        Selection selection = format.choose(claims);
        refuseBare(selection.metadata().container().disks());
        return selection;
    }

    private void refuseBare(List<ContainerDisk> known) throws ProblemException {
        for (MemberDisk disk : bare) {
            String missing = "it carries no " + format.name() + " metadata: no signature at byte "
                    + format.placeBytes(disk.disk()) + " of its "
                    + Units.bytesOfSectors(disk.disk().sectors());
            for (ContainerDisk entry : known) {
                if (entry.serial().equals(disk.serial())) {
                    throw refusal(disk, missing + "; " + loss(disk, entry), LOST);
                }
            }
            throw refusal(disk, missing, known.isEmpty() ? "Name the members of a container" : "Leave it out");
        }
    }

    private static String loss(MemberDisk disk, ContainerDisk entry) {
        long has = disk.disk().sectors();
        long had = entry.totalSectors();
        String was = "the others know it as one of theirs";
        if (has == had) {
            return was + ", so its metadata was overwritten";
        }
        return was + " of " + Units.bytesOfSectors(had) + " bytes, so it was "
                + (has < had ? "cut short" : "made longer") + ", and metadata lies at the end";
    }

    private ProblemException refusal(MemberDisk disk, String why, String remedy) {
        return new ProblemException(new Problem(what, "member " + disk.name(), why, remedy));
    }
}
