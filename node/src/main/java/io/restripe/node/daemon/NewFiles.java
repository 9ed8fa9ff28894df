package io.restripe.node.daemon;

import io.restripe.node.rpc.Json;
import java.util.Map;

/**
 * Files to be made for members that do not exist.
 *
 * @param bytes size of each; 0: a member that does not exist is refused
 * @param sparse they take space when they are written; else all of it is taken when they are made
 */
public record NewFiles(long bytes, boolean sparse) {
    /** None are made. */
    public static final NewFiles NONE = new NewFiles(0, false);

    public void putInto(Map<String, Object> map) {
        map.put("file-bytes", bytes);
        map.put("sparse", sparse);
    }

    static NewFiles ofMap(Map<String, Object> map) {
        return new NewFiles(Json.number(map, "file-bytes", 0), Json.flag(map, "sparse"));
    }
}
