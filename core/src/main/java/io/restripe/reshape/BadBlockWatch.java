package io.restripe.reshape;

import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import io.restripe.array.BadBlockList;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.Volume;
import io.restripe.unit.SectorRange;
import io.restripe.unit.SectorRanges;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the monitor does about the bad blocks of one array: a new one is recorded, then acknowledged, and only then do writes to it go
 * on, without that member; one that the array has overwritten leaves the record. A member of which no more can be recorded fails. What
 * the array says is all there is to know: an entry that was recorded by a monitor that died then is recorded again, which changes
 * nothing. Owner: the monitor thread. docs/md-control.md, section 4.
 */
final class BadBlockWatch {
    private static final List<String> RUNNING = List.of("clean", "active", "active-idle", "write-pending");

    private final int volume;
    private final Attributes attributes;
    /** Members whose lists have been looked at. Later only those are that have an entry. */
    private final Set<String> known = new LinkedHashSet<>();
    /** Recorded and acknowledged; what waits for that is to be let go. */
    private final Set<String> toUnblock = new LinkedHashSet<>();
    /** The last look was at their lists. */
    private final Set<String> lookedAt = new LinkedHashSet<>();
    /** By the last look: what is to be acknowledged. */
    private final Map<String, List<SectorRange>> waiting = new LinkedHashMap<>();
    /** Members with more bad blocks than can be recorded, and such as are not trusted any more. */
    private final Set<String> failing = new LinkedHashSet<>();

    BadBlockWatch(int volume, Attributes attributes) {
        this.volume = volume;
        this.attributes = attributes;
    }

    /** Looks at the array's lists. What they say is in the result. */
    ContainerMetadata recorded(ContainerMetadata metadata, String state) throws AttributeException {
        waiting.clear();
        failing.clear();
        lookedAt.clear();
        ContainerMetadata wanted = metadata;
        if (metadata.container().logsBadBlocks() && RUNNING.contains(state)) {
            List<String> members = attributes.control().members();
            for (ContainerDisk disk : metadata.container().disks()) {
                if (disk.status() == ContainerDisk.Status.MEMBER && members.contains(disk.serial())) {
                    wanted = recorded(wanted, disk);
                }
            }
            known.retainAll(members);
        }
        return wanted;
    }

    private ContainerMetadata recorded(ContainerMetadata metadata, ContainerDisk disk) throws AttributeException {
        String member = disk.serial();
        if (!listsBadBlocks(member)) {
            known.remove(member);
            return metadata;
        }
        lookedAt.add(member);
        Volume now = metadata.container().volumes().get(volume);
        SectorRange place = MemberPlace.extent(now);
        List<SectorRange> unacknowledged = unacknowledged(member);
        List<SectorRange> before = SectorRanges.within(disk.bad(), place);
        boolean first = known.add(member);
        if (unacknowledged.isEmpty() && before.isEmpty() && !first) {
            return metadata;
        }
        List<SectorRange> bad = new ArrayList<>(unacknowledged);
        bad.addAll(kept(before, attributes.badBlocks(member, MemberAttribute.BAD_BLOCKS)));
        Optional<ContainerMetadata> with = metadata.withKnownBad(member, place, bad);
        if (with.isEmpty()) {
            failing.add(member);
        } else if (!unacknowledged.isEmpty()) {
            waiting.put(member, unacknowledged);
        }
        return with.orElse(metadata);
    }

    /** What the array says, and of what it has no room to say what is recorded. */
    private static List<SectorRange> kept(List<SectorRange> before, BadBlockList said) {
        List<SectorRange> all = new ArrayList<>(said.sectors());
        if (said.knownTo() != Long.MAX_VALUE) {
            all.addAll(SectorRanges.within(before, new SectorRange(said.knownTo(), Long.MAX_VALUE)));
        }
        return all;
    }

    private boolean listsBadBlocks(String member) throws AttributeException {
        List<String> words = words(member);
        return words.contains("external_bbl") && !words.contains("faulty");
    }

    private List<String> words(String member) throws AttributeException {
        try {
            return attributes.memberState(member);
        } catch (AttributeException e) {
            if (isGone(e)) {
                return List.of();
            }
            throw e;
        }
    }

    /**
     * Members that failed a write and that no volume needs, nor another one on the same disks. Of a large write to rows with parity Linux can forget that a part of it failed (seen
     * with 6.1): no bad block, no failed member, and what was there before is read back. Parity has what was written; so whoever may have
     * missed something is done without.
     *
     * @param lost members that fail anyway
     */
    List<String> distrusted(ContainerMetadata metadata, Collection<String> lost) throws AttributeException {
        List<String> found = new ArrayList<>();
        if (metadata.container().volumes().get(volume).geometry().parityMembers() == 0) {
            return found;
        }
        List<String> all = new ArrayList<>(lost);
        for (String member : attributes.control().members()) {
            List<String> words = words(member);
            if (words.contains("write_error") && !words.contains("faulty") && !lost.contains(member)) {
                all.add(member);
                if (Losses.noneEnds(metadata, all)) {
                    found.add(member);
                    waiting.remove(member);
                    failing.add(member);
                } else {
                    all.removeLast();
                }
            }
        }
        return found;
    }

    private static boolean isGone(AttributeException e) {
        return e.errno() == Errno.ENOENT || e.errno() == Errno.ENODEV;
    }

    /** Whatever the member's state says: of two readers at once md may believe the one who came too early, and not show "blocked". */
    private List<SectorRange> unacknowledged(String member) throws AttributeException {
        return attributes
                .badBlocks(member, MemberAttribute.UNACKNOWLEDGED_BAD_BLOCKS)
                .sectors();
    }

    /** Members that fail, by the last look. */
    Set<String> failing() {
        return Collections.unmodifiableSet(failing);
    }

    /** Whether there is a bad block that the last look has not seen, of a member that it looked at. */
    boolean hasMore() throws AttributeException {
        for (String member : lookedAt) {
            List<SectorRange> seen = waiting.getOrDefault(member, List.of());
            if (listsBadBlocks(member)
                    && !failing.contains(member)
                    && !unacknowledged(member).equals(seen)) {
                return true;
            }
        }
        return false;
    }

    /** What the last look saw is durable now: the array may count on it. */
    void acknowledge() throws AttributeException {
        for (String member : failing) {
            attempt(member, MemberAttribute.STATE, "faulty");
        }
        for (Map.Entry<String, List<SectorRange>> entry : waiting.entrySet()) {
            boolean all = true;
            for (SectorRange bad : entry.getValue()) {
                all = all && attempt(entry.getKey(), MemberAttribute.BAD_BLOCKS, BadBlockList.entry(bad));
            }
            if (all) {
                toUnblock.add(entry.getKey());
            }
        }
        toUnblock.retainAll(known);
        for (String member : List.copyOf(toUnblock)) {
            if (attempt(member, MemberAttribute.STATE, "-blocked")) {
                toUnblock.remove(member);
            }
        }
    }

    /** False where the array is busy: at the next pass again. */
    private boolean attempt(String member, MemberAttribute attribute, String value) throws AttributeException {
        try {
            attributes.control().write(member, attribute, value);
            return true;
        } catch (AttributeException e) {
            if (isGone(e)) {
                return true;
            }
            if (e.errno() == Errno.EBUSY) {
                return false;
            }
            throw e;
        }
    }
}
