package io.restripe.host;

import io.restripe.array.Holds;
import io.restripe.rule.Problem;
import java.util.List;
import java.util.Optional;

/**
 * What a running container looks like at one moment.
 *
 * @param name the name it runs under
 * @param generation of its metadata
 * @param problem what keeps it from doing its work
 * @param notes what a person should know from assembly
 */
public record Status(
        String name,
        String format,
        String uuid,
        long generation,
        List<DiskStatus> disks,
        List<VolumeStatus> volumes,
        Optional<Problem> problem,
        List<String> notes) {
    public Status {
        disks = List.copyOf(disks);
        volumes = List.copyOf(volumes);
        notes = List.copyOf(notes);
    }

    /**
     * A disk of the container.
     *
     * @param path where it is, empty when it is not at hand
     * @param state member, spare, failed, missing
     */
    public record DiskStatus(String serial, String path, long sectors, String state) {}

    /**
     * One volume.
     *
     * @param level md's number, of the geometry that users know (a RAID0 is 0 while it relocates as a RAID4)
     * @param state md's array_state
     * @param action md's sync_action, idle where the level has none
     * @param doneSectors of the running action, in the units of totalSectors; 0 when nothing runs
     * @param totalSectors sectors of one member
     * @param speedKibPerSecond of the running action, per member; 0 when not known
     * @param phase of the reshape, "waiting" when there is none
     * @param slots a text a slot: serial, or "missing"
     * @param degraded number of slots that are missing or not in sync
     * @param holds how long requests were held by background work
     */
    public record VolumeStatus(
            String name,
            String uuid,
            int level,
            int layout,
            int raidDisks,
            int chunkSectors,
            long arraySectors,
            String state,
            String action,
            long doneSectors,
            long totalSectors,
            long speedKibPerSecond,
            String phase,
            List<String> slots,
            int degraded,
            boolean dirty,
            Holds holds) {
        public VolumeStatus {
            slots = List.copyOf(slots);
        }

        /** Whether something is under way. */
        public boolean busy() {
            return !action.equals("idle") && !action.equals("frozen");
        }
    }
}
