package io.restripe.node.rpc;

import io.restripe.array.Holds;
import io.restripe.rule.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A running volume.
 *
 * @param shape present shape; during a reshape the one before
 * @param target during a reshape the one it will have
 * @param policy md's consistency_policy: resync, ppl or bitmap; none where the level has no redundancy
 * @param state md's array_state
 * @param degraded slots without data in sync
 * @param slots serial of each slot's disk, "-" when missing, with a "*" behind it while its data must not be used
 * @param work what goes on in the background
 * @param problem why the background work stands, if it does
 * @param holds how long requests were held by background work
 * @param uris where NBD clients reach it
 * @param device the block device that it is; empty: none
 */
public record VolumeStatus(
        String name,
        String uuid,
        Shape shape,
        Optional<Shape> target,
        String policy,
        String state,
        int degraded,
        List<String> slots,
        Work work,
        Optional<Problem> problem,
        Holds holds,
        List<String> uris,
        String device) {
    public VolumeStatus {
        slots = List.copyOf(slots);
        uris = List.copyOf(uris);
    }

    /**
     * What goes on in the background.
     *
     * @param action idle, resync, recovery, reshape or frozen: md's sync_action
     * @param phase of a reshape what it waits for: backing up, relocating, checkpoint; else empty
     * @param doneSectors of {@code totalSectors}, in the action's own axis; 0 of 0 when idle
     * @param speedKib KiB a second, -1 when not known yet
     */
    public record Work(String action, String phase, long doneSectors, long totalSectors, long speedKib) {
        /** Nothing. */
        public static final Work IDLE = new Work("idle", "", 0, 0, -1);

        public boolean idle() {
            return action.equals("idle");
        }

        /** Seconds to the end at the present speed, -1 when not known. */
        public long remainingSeconds() {
            if (idle() || speedKib <= 0) {
                return -1;
            }
            return (totalSectors - doneSectors) / io.restripe.unit.Units.SECTORS_PER_KIB / speedKib;
        }
    }

    /** The same, reached so. */
    public VolumeStatus withUris(List<String> places) {
        return new VolumeStatus(
                name, uuid, shape, target, policy, state, degraded, slots, work, problem, holds, places, device);
    }

    /** The same, attached so; empty: not at all. */
    public VolumeStatus withDevice(String path) {
        return new VolumeStatus(
                name, uuid, shape, target, policy, state, degraded, slots, work, problem, holds, uris, path);
    }

    public Map<String, Object> toMap() {
        Map<String, Object> map = Json.map("name", name, "uuid", uuid);
        map.putAll(shape.toMap());
        map.put("target", target.map(Shape::toMap).orElse(null));
        map.put("consistency-policy", policy);
        map.put("state", state);
        map.put("degraded", degraded);
        map.put("slots", slots);
        map.put("action", work.action());
        map.put("phase", Json.unlessEmpty(work.phase()));
        map.put("done-sectors", work.doneSectors());
        map.put("total-sectors", work.totalSectors());
        map.put("speed-kib", Json.unlessNegative(work.speedKib()));
        map.put("remaining-seconds", Json.unlessNegative(work.remainingSeconds()));
        map.put("problem", problem.map(Json::ofProblem).orElse(null));
        map.put(
                "holds",
                Json.map(
                        "count", holds.count(),
                        "median-ns", holds.medianNanos(),
                        "p99-ns", holds.p99Nanos(),
                        "p999-ns", holds.p999Nanos(),
                        "longest-ns", holds.longestNanos()));
        map.put("nbd", uris);
        map.put("device", Json.unlessEmpty(device));
        return map;
    }

    static VolumeStatus ofMap(Map<String, Object> map) {
        Work work = new Work(
                Json.text(map, "action"),
                Json.optionalText(map, "phase").orElse(""),
                Json.number(map, "done-sectors"),
                Json.number(map, "total-sectors"),
                Json.number(map, "speed-kib", -1));
        return new VolumeStatus(
                Json.text(map, "name"),
                Json.text(map, "uuid"),
                Shape.ofMap(map),
                Json.inner(map, "target").map(Shape::ofMap),
                Json.text(map, "consistency-policy"),
                Json.text(map, "state"),
                Math.toIntExact(Json.number(map, "degraded")),
                Json.texts(map, "slots"),
                work,
                Json.inner(map, "problem").map(Json::problemOf),
                Json.inner(map, "holds").map(VolumeStatus::holdsOf).orElse(Holds.NONE),
                Json.texts(map, "nbd"),
                Json.optionalText(map, "device").orElse(""));
    }

    private static Holds holdsOf(Map<String, Object> map) {
        return new Holds(
                Json.number(map, "count"),
                Json.number(map, "median-ns"),
                Json.number(map, "p99-ns"),
                Json.number(map, "p999-ns"),
                Json.number(map, "longest-ns"));
    }
}
