package io.restripe.node.rpc;

import java.util.Map;

/**
 * A disk of a running container.
 *
 * @param path by which it was named; empty when the disk is missing
 * @param serial its identity in the metadata
 * @param status member, spare, failed or missing
 * @param sizeBytes whole size
 */
public record MemberStatus(String path, String serial, String status, long sizeBytes) {
    Map<String, Object> toMap() {
        return Json.map("path", Json.unlessEmpty(path), "serial", serial, "status", status, "size-bytes", sizeBytes);
    }

    static MemberStatus ofMap(Map<String, Object> map) {
        return new MemberStatus(
                Json.optionalText(map, "path").orElse(""),
                Json.text(map, "serial"),
                Json.text(map, "status"),
                Json.number(map, "size-bytes"));
    }
}
