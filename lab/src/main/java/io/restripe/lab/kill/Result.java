package io.restripe.lab.kill;

import java.util.List;

/**
 * What a round came to.
 *
 * @param plan case, style and seed
 * @param kills what was killed, in order, with milliseconds since the round began
 * @param failure null when everything was right
 */
public record Result(String plan, List<String> kills, long writtenBlocks, double seconds, String failure) {
    public Result {
        kills = List.copyOf(kills);
    }

    @Override
    public String toString() {
        return "%s: %s, %d blocks written in the last life, %.1f s%s"
                .formatted(
                        plan,
                        kills.isEmpty() ? "no kill" : "killed " + String.join(", ", kills),
                        writtenBlocks,
                        seconds,
                        failure == null ? "" : "; WRONG: " + failure);
    }
}
