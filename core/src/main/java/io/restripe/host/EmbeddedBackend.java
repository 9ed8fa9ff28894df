package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.array.ServedArray;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import java.util.Map;
import java.util.function.Supplier;

/** Arrays of the engine within this process: nothing of them is there before, and nothing is left. */
final class EmbeddedBackend implements ArrayBackend {
    private final Env env;
    private final String container;

    EmbeddedBackend(Env env, String container) {
        this.env = env;
        this.container = container;
    }

    @Override
    public String containerName() {
        return container;
    }

    @Override
    public boolean isRunning(int volume) {
        return false;
    }

    @Override
    public void stopRunning() {}

    @Override
    public ServedArray array(String name, int volume, Supplier<Map<String, MemberDisk>> disks) {
        return new EmbeddedArray(env, name, serial -> {
            MemberDisk member = disks.get().get(serial);
            return member == null ? null : member.disk();
        });
    }

    @Override
    public void join(MemberDisk disk) {}

    @Override
    public void leave(MemberDisk disk) {}

    @Override
    public void close() {}
}
