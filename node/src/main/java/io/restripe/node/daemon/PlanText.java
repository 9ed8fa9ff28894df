package io.restripe.node.daemon;

import io.restripe.node.rpc.Json;
import java.util.List;
import java.util.Map;

/**
 * What a grow would do, for people.
 *
 * @param lines one fact a line: "c0/v0: raid5 of 3 becomes raid5 of 4, chunk 64 KiB"
 */
public record PlanText(List<String> lines) {
    public PlanText {
        lines = List.copyOf(lines);
    }

    public Map<String, Object> toMap() {
        return Json.map("plan", lines);
    }

    public static PlanText ofMap(Map<String, Object> map) {
        return new PlanText(Json.texts(map, "plan"));
    }
}
