package io.restripe.lab.kill;

import io.restripe.disk.FileDisk;
import io.restripe.disk.VolatileCacheDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.nbd.Export;
import io.restripe.nbd.NbdServer;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that serves a file as a member, and forgets what was not flushed when it dies. File and socket are its arguments. */
final class MemberServer {
    static final String EXPORT = "disk";
    private static final long CACHE_SECTORS = (16L << 20) / Units.SECTOR_BYTES;
    private static final double LEAK_CHANCE = 0.02;
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private MemberServer() {}

    public static void main(String[] args) throws IOException {
        Env env = new SystemEnv();
        Path socket = Path.of(args[1]);
        try (FileDisk file = FileDisk.open(Path.of(args[0]), FileDisk.Access.EXCLUSIVE);
                NbdServer server = new NbdServer(env)) {
            Files.deleteIfExists(socket);
            server.add(new Export(
                    EXPORT, "", new VolatileCacheDisk(file, env, env.random(), LEAK_CHANCE, CACHE_SECTORS), false));
            server.listen(socket);
            OUT.println("ready");
            System.in.transferTo(OutputStream.nullOutputStream()); // until the end of its input
        }
    }
}
