package io.restripe.host;

import io.restripe.array.remote.RemoteArray;
import io.restripe.assembly.Assembly;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.reshape.Monitor;
import io.restripe.reshape.wire.MonitorSocket;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A container's monitor in a process of its own. It takes over from one that has died: what the container is it reads from the members,
 * what the arrays do from their attributes.
 */
public final class LoneMonitor implements AutoCloseable {
    private final Monitor monitor;
    private final List<RemoteArray> arrays = new ArrayList<>();
    private final MonitorSocket socket;

    private LoneMonitor(Monitor monitor, MonitorSocket socket) {
        this.monitor = monitor;
        this.socket = socket;
    }

    /**
     * Starts it.
     *
     * @param members the container's disks, opened without the lock that the array's process holds
     * @param arraySocket where the arrays are
     * @param monitorSocket where managers will ask; must not exist
     */
    public static LoneMonitor start(
            Env env, String name, MetadataFormat format, List<MemberDisk> members, Path arraySocket, Path monitorSocket)
            throws ProblemException, IOException {
        Assembly look = new LiveLook(env, format, members).look();
        Monitor monitor = new Monitor(env, format, look.metadata(), look.disks());
        LoneMonitor lone = new LoneMonitor(monitor, new MonitorSocket(env, monitor, monitorSocket));
        for (Volume volume : look.container().volumes()) {
            RemoteArray array = new RemoteArray(env, arraySocket, ArrayHost.arrayName(name, volume));
            lone.arrays.add(array);
            monitor.watch(volume.index(), array, Monitor.mayOweResync(look.container(), volume));
        }
        monitor.start();
        return lone;
    }

    public Monitor monitor() {
        return monitor;
    }

    @Override
    public void close() throws IOException {
        socket.close();
        monitor.stop();
        for (RemoteArray array : arrays) {
            array.close();
        }
    }
}
