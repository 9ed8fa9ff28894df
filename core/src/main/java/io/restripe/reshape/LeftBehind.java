package io.restripe.reshape;

import io.restripe.disk.DiskException;
import io.restripe.metadata.Claim;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Selection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Members whose metadata a monitor did not come to write, or wrote in part, before it died. One use; the monitor thread. */
final class LeftBehind {
    private final MetadataFormat format;
    private final Map<String, MemberDisk> disks;

    /** @param disks serial to disk, of the disks that were chosen when the present monitor began */
    LeftBehind(MetadataFormat format, Map<String, MemberDisk> disks) {
        this.format = format;
        this.disks = disks;
    }

    /** They say what the others say, under the same generation. Serial to why, of those that do not. */
    Map<String, String> makeEqual() {
        List<Claim> claims = new ArrayList<>();
        List<MemberDisk> behind = new ArrayList<>();
        Map<String, String> missed = new LinkedHashMap<>();
        for (MemberDisk disk : disks.values()) {
            try {
                format.taste(disk).ifPresent(claims::add);
            } catch (MetadataException e) {
                behind.add(disk); // cut off in the middle of a write: it was chosen all the same
            } catch (DiskException e) {
                missed.put(disk.serial(), String.valueOf(e.getMessage()));
            }
        }
        try {
            Selection selection = format.choose(claims);
            behind.addAll(selection.behind());
            if (!behind.isEmpty()) {
                missed.putAll(format.settle(selection.metadata(), behind, disks).failed());
            }
        } catch (MetadataException e) {
            // Nothing to go by that this monitor did not have when it began; its own first change makes all equal.
            System.getLogger("io.restripe.monitor").log(System.Logger.Level.WARNING, "{0}", e.getMessage());
        }
        return missed;
    }
}
