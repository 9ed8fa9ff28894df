package io.restripe.host;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.engine.EmbeddedArray;
import io.restripe.array.remote.ArraySocket;
import io.restripe.assembly.ArrayStart;
import io.restripe.assembly.Assembly;
import io.restripe.disk.Disk;
import io.restripe.env.Env;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Volume;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The arrays of a container alone, their control offered on a Unix-domain socket: what the process "array" is when monitor and manager
 * are processes of their own. It writes no metadata; while no monitor is there, whatever needs one waits.
 */
public final class ArrayHost implements AutoCloseable {
    private final Map<String, EmbeddedArray> arrays = new LinkedHashMap<>();
    private final Map<String, MemberDisk> disks;
    private final ArraySocket socket;

    private ArrayHost(Env env, String name, Assembly assembly, Path socketPath) throws IOException {
        this.disks = assembly.disks();
        for (Volume volume : assembly.container().volumes()) {
            String array = arrayName(name, volume);
            arrays.put(array, new EmbeddedArray(env, array, this::wholeDisk));
        }
        this.socket = new ArraySocket(env, socketPath, arrays::get);
    }

    /**
     * Starts all volumes of an assembled container that {@link Assembly#recover} has made fit.
     *
     * @param socketPath where actors find the arrays; must not exist
     */
    public static ArrayHost start(Env env, String name, Assembly assembly, Path socketPath) throws IOException {
        ArrayHost host = new ArrayHost(env, name, assembly, socketPath);
        try {
            for (Volume volume : assembly.container().volumes()) {
                host.startVolume(name, volume, assembly);
            }
            return host;
        } catch (IOException e) {
            host.close();
            throw e;
        }
    }

    private void startVolume(String name, Volume volume, Assembly assembly) throws AttributeException {
        EmbeddedArray array = arrays.get(arrayName(name, volume));
        ArrayStart start = new ArrayStart(array, volume, assembly.container(), disks.keySet());
        start.configure(name);
        array.write(Attribute.SAFE_MODE_DELAY, "4.000");
        socket.watch(array);
        start.go();
    }

    /** The name by which actors ask for a volume's array. */
    public static String arrayName(String container, Volume volume) {
        return container + "/" + volume.name();
    }

    private Disk wholeDisk(String serial) {
        MemberDisk member = disks.get(serial);
        return member == null ? null : member.disk();
    }

    /** A volume's contents. */
    public Disk volume(String arrayName) {
        return array(arrayName).disk();
    }

    /** A volume's control. */
    public ArrayControl control(String arrayName) {
        return array(arrayName);
    }

    private EmbeddedArray array(String arrayName) {
        EmbeddedArray array = arrays.get(arrayName);
        if (array == null) {
            throw new IllegalArgumentException("no array " + arrayName + " among " + arrays.keySet());
        }
        return array;
    }

    @Override
    public void close() throws IOException {
        socket.close();
        arrays.values().forEach(EmbeddedArray::close);
    }
}
