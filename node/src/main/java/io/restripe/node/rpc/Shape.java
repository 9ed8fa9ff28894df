package io.restripe.node.rpc;

import java.util.Map;

/**
 * The shape of a volume in people's words.
 *
 * @param level "raid5"
 * @param layout md's word, "left-asymmetric"; "-" where the level has none
 * @param raidDevices members, parity included
 * @param chunkKib 0 where the level has none
 * @param sizeBytes capacity
 */
public record Shape(String level, String layout, int raidDevices, long chunkKib, long sizeBytes) {
    public Map<String, Object> toMap() {
        return Json.map(
                "level",
                level,
                "layout",
                layout.equals("-") ? null : layout,
                "raid-devices",
                raidDevices,
                "chunk-kib",
                chunkKib == 0 ? null : chunkKib,
                "size-bytes",
                sizeBytes);
    }

    public static Shape ofMap(Map<String, Object> map) {
        return new Shape(
                Json.text(map, "level"),
                Json.optionalText(map, "layout").orElse("-"),
                Math.toIntExact(Json.number(map, "raid-devices")),
                Json.number(map, "chunk-kib", 0),
                Json.number(map, "size-bytes"));
    }
}
