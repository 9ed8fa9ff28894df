package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Folders of certificates and keys, made by openssl in a test's folder, with the file names that NBD programs share. */
public final class Certificates {
    private final Path folder;

    private Certificates(Path folder) {
        this.folder = folder;
    }

    /** A folder with an authority, a server's certificate for localhost and 127.0.0.1, and a client's. */
    public static Path make(Path folder) throws Exception {
        return make(folder, "DNS:localhost,IP:127.0.0.1");
    }

    /**
     * The same for a server elsewhere.
     *
     * @param names subjectAltName of the server
     */
    public static Path make(Path folder, String names) throws Exception {
        Files.createDirectories(folder);
        Certificates made = new Certificates(folder);
        made.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority"
                + " -addext basicConstraints=critical,CA:TRUE -keyout ca-key.pem -out ca-cert.pem");
        made.signed("server", "-newkey rsa:2048", "subjectAltName=" + names + "\nextendedKeyUsage=serverAuth");
        made.signed("client", "-newkey ed25519", "extendedKeyUsage=clientAuth");
        return folder;
    }

    /** A copy of a folder without some of its files. */
    public static Path without(Path folder, Path copy, String... files) throws Exception {
        Files.createDirectories(copy);
        try (var all = Files.list(folder)) {
            for (Path file : all.toList()) {
                if (!List.of(files).contains(file.getFileName().toString())) {
                    Files.copy(file, copy.resolve(file.getFileName()));
                }
            }
        }
        return copy;
    }

    private void signed(String whose, String key, String extensions) throws Exception {
        Files.writeString(folder.resolve(whose + ".ext"), extensions + "\n");
        openssl("req " + key + " -nodes -subj /CN=" + whose + " -keyout " + whose + "-key.pem -out " + whose + ".csr");
        openssl("x509 -req -in " + whose + ".csr -CA ca-cert.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile "
                + whose + ".ext -out " + whose + "-cert.pem");
    }

    private void openssl(String line) throws Exception {
        openssl(folder, line);
    }

    /** Runs openssl in a folder; it must succeed. */
    public static void openssl(Path folder, String line) throws Exception {
        Path said = folder.resolve("openssl.log");
        ProcessBuilder builder = new ProcessBuilder(("openssl " + line).split(" "))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment().putAll(Map.of("RANDFILE", folder.resolve("random").toString()));
        assertThat(builder.start().waitFor())
                .as(line + ": " + Files.readString(said, StandardCharsets.ISO_8859_1))
                .isZero();
    }
}
