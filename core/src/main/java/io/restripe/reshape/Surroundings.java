package io.restripe.reshape;

import io.restripe.array.ArrayControl;
import io.restripe.env.Env;
import io.restripe.metadata.Container;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Where a reshape manager gets its facts and levers.
 *
 * @param metadata the container as recorded now
 * @param arrays volume index to control
 * @param disks serial to whole disk, of all disks at hand
 */
public record Surroundings(
        Env env,
        MonitorLink monitor,
        Supplier<ContainerMetadata> metadata,
        IntFunction<ArrayControl> arrays,
        Supplier<Map<String, MemberDisk>> disks) {
    Container container() {
        return metadata.get().container();
    }
}
