package io.restripe.node.daemon;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.VolumeSpec;
import io.restripe.node.rpc.Json;
import io.restripe.unit.Units;
import java.util.List;
import java.util.Map;

/**
 * A volume to be made, and the container with it when that does not run.
 *
 * @param volume its name
 * @param mdLevel md's level number
 * @param mdLayout md's layout number
 * @param raidDevices members in the volume; the rest of {@code members} become spares
 * @param chunkKib KiB in a chunk
 * @param memberKib KiB of every member to use, 0: all there is
 * @param members {@code PATH}, {@code PATH@SERIAL} or the URI of an export, absolute; on a running container empty means its disks in their order
 * @param files how members that do not exist are made
 * @param assumeClean no first resync
 * @param force overwrite what else the members carry
 * @param policy how it becomes consistent again after an unclean stop
 */
public record CreateRequest(
        String volume,
        int mdLevel,
        int mdLayout,
        int raidDevices,
        int chunkKib,
        long memberKib,
        List<String> members,
        NewFiles files,
        boolean assumeClean,
        boolean force,
        ConsistencyPolicy policy) {
    public CreateRequest {
        members = List.copyOf(members);
    }

    /** What is to be made, of these members in slot order. */
    VolumeSpec spec(List<String> serials) {
        return new VolumeSpec(volume, geometry(), memberKib, serials, assumeClean, policy);
    }

    /** The wanted geometry; throws IllegalArgumentException with the reason. */
    public Geometry geometry() {
        return Geometry.ofMd(mdLevel, mdLayout, raidDevices, Math.multiplyExact(chunkKib, Units.SECTORS_PER_KIB));
    }

    public Map<String, Object> toMap() {
        Map<String, Object> map = Json.map(
                "volume", volume,
                "level", mdLevel,
                "layout", mdLayout,
                "raid-devices", raidDevices,
                "chunk-kib", chunkKib,
                "member-kib", memberKib,
                "members", members,
                "assume-clean", assumeClean,
                "force", force,
                "consistency-policy", policy.word());
        files.putInto(map);
        return map;
    }

    static CreateRequest ofMap(Map<String, Object> map) {
        return new CreateRequest(
                Json.text(map, "volume"),
                Math.toIntExact(Json.number(map, "level")),
                Math.toIntExact(Json.number(map, "layout")),
                Math.toIntExact(Json.number(map, "raid-devices")),
                Math.toIntExact(Json.number(map, "chunk-kib")),
                Json.number(map, "member-kib"),
                Json.texts(map, "members"),
                NewFiles.ofMap(map),
                Json.flag(map, "assume-clean"),
                Json.flag(map, "force"),
                ConsistencyPolicy.of(Json.text(map, "consistency-policy")).orElseThrow());
    }
}
