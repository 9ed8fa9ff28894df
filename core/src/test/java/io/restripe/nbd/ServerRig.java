package io.restripe.nbd;

import io.restripe.disk.Disk;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import java.io.IOException;
import java.nio.file.Path;

/** A server on a Unix-domain socket with one export, "disk". */
final class ServerRig implements AutoCloseable {
    static final long SECTORS = 4096;
    static final long BYTES = SECTORS * 512;

    final Env env;
    final NbdServer server;
    final Path socket;

    ServerRig(Path folder) throws IOException {
        this(folder, NbdLimits.USUAL, new MemoryDisk("m0", SECTORS), false);
    }

    ServerRig(Path folder, NbdLimits limits, Disk disk, boolean readOnly) throws IOException {
        this(folder, limits, disk, readOnly, new SystemEnv());
    }

    ServerRig(Path folder, NbdLimits limits, Disk disk, boolean readOnly, Env env) throws IOException {
        this.env = env;
        socket = folder.resolve("nbd.sock");
        server = new NbdServer(env, limits);
        server.add(new Export("disk", "a disk of a test", disk, readOnly));
        server.listen(socket);
    }

    /** Waits, as long as the test may, until clients have so much memory for payloads. */
    void awaitPayloads(long bytes) {
        while (server.payloadBytes() < bytes) {
            env.sleepNanos(1_000_000);
        }
    }

    /** A client that has agreed on the export, for simple replies. */
    RawClient client() throws IOException {
        return new RawClient(socket).greet(3).go("disk");
    }

    /** A client that has agreed on the export, for structured replies and the allocation context. */
    RawClient structuredClient() throws IOException {
        RawClient client = new RawClient(socket).greet(3);
        if (client.ask(8, new byte[0]) != 1) {
            throw new IOException("no structured replies");
        }
        client.option(10, RawClient.metaData("disk", "base:allocation"));
        if (client.optionReply().type() != 4 || client.optionReply().type() != 1) {
            throw new IOException("no allocation context");
        }
        return client.go("disk");
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
