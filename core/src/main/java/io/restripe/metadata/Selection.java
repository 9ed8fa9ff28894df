package io.restripe.metadata;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a set of claims amounts to.
 *
 * @param metadata the winner: newest consistent generation
 * @param members serial -> disk, of every disk that the winner uses or knows as spare
 * @param behind those of them whose metadata is older, blank or cut off: it is to be made equal before anything relies on it ({@link
 *     MetadataFormat#settle})
 * @param stale disks that carry an older state of this container and whose data must not be used
 * @param missing disk table indexes of members that are in the table and not among the claims
 * @param doubt about the progress of the reshape that is under way, if any is
 * @param notes what a person should know, one sentence each, naming members
 */
public record Selection(
        ContainerMetadata metadata,
        Map<String, MemberDisk> members,
        List<MemberDisk> behind,
        List<MemberDisk> stale,
        List<Integer> missing,
        RecordDoubt doubt,
        List<String> notes) {
    public Selection {
        members = Collections.unmodifiableMap(new LinkedHashMap<>(members)); // keeps its order
        behind = List.copyOf(behind);
        stale = List.copyOf(stale);
        missing = List.copyOf(missing);
        notes = List.copyOf(notes);
    }
}
