package io.restripe.node.rpc;

import java.util.Map;

/**
 * How a volume's parity or copies were compared.
 *
 * @param action check or repair; another sync action when neither was the last to run
 * @param complete whether it came to the end
 * @param comparedSectors sectors of every member it passed over
 * @param differingSectors of them, what did not agree; after a complete repair it does
 */
public record ScrubResult(String volume, String action, boolean complete, long comparedSectors, long differingSectors) {
    public Map<String, Object> toMap() {
        return Json.map(
                "volume",
                volume,
                "action",
                action,
                "complete",
                complete,
                "compared-sectors",
                comparedSectors,
                "differing-sectors",
                differingSectors);
    }

    public static ScrubResult ofMap(Map<String, Object> map) {
        return new ScrubResult(
                Json.text(map, "volume"),
                Json.text(map, "action"),
                Json.flag(map, "complete"),
                Json.number(map, "compared-sectors"),
                Json.number(map, "differing-sectors"));
    }
}
