package io.restripe.node.daemon;

import io.restripe.metadata.MemberDisk;
import io.restripe.node.rpc.Json;
import io.restripe.reshape.GrowRequest;
import io.restripe.unit.Units;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The shape that is asked for.
 *
 * @param volume empty: every volume of the container
 * @param raidDisks wanted number of members, parity included
 * @param chunkKib wanted chunk
 * @param level md's level number
 * @param files how disks of {@code add} that do not exist are made
 * @param add disks that join the container first, {@code PATH} or {@code PATH@SERIAL}, absolute
 */
public record GrowArguments(
        String volume,
        OptionalInt raidDisks,
        OptionalInt chunkKib,
        OptionalInt level,
        NewFiles files,
        List<String> add) {
    public GrowArguments {
        add = List.copyOf(add);
    }

    /** Whether no other shape is asked for. */
    public boolean empty() {
        return raidDisks.isEmpty() && chunkKib.isEmpty() && level.isEmpty() && add.isEmpty();
    }

    /** In sectors and with disks that are open. */
    GrowRequest request(List<MemberDisk> added) {
        OptionalInt chunkSectors = chunkKib.isPresent()
                ? OptionalInt.of(Math.multiplyExact(chunkKib.getAsInt(), Units.SECTORS_PER_KIB))
                : OptionalInt.empty();
        return new GrowRequest(volume.isEmpty() ? null : volume, raidDisks, chunkSectors, level, added);
    }

    public Map<String, Object> toMap() {
        Map<String, Object> map = Json.map("volume", volume, "add", add);
        files.putInto(map);
        raidDisks.ifPresent(n -> map.put("raid-devices", n));
        chunkKib.ifPresent(n -> map.put("chunk-kib", n));
        level.ifPresent(n -> map.put("level", n));
        return map;
    }

    static GrowArguments ofMap(Map<String, Object> map) {
        return new GrowArguments(
                Json.text(map, "volume"),
                number(map, "raid-devices"),
                number(map, "chunk-kib"),
                number(map, "level"),
                NewFiles.ofMap(map),
                Json.texts(map, "add"));
    }

    private static OptionalInt number(Map<String, Object> map, String name) {
        return map.containsKey(name) ? OptionalInt.of(Math.toIntExact(Json.number(map, name))) : OptionalInt.empty();
    }
}
