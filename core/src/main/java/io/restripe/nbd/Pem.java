package io.restripe.nbd;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys in PEM files (RFC 7468). Stateless. */
final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s*(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private Pem() {}

    /** All certificates of a file, in their order; at least one. */
    static List<X509Certificate> certificates(Path file) throws IOException {
        List<X509Certificate> found = new ArrayList<>();
        Matcher blocks = BLOCK.matcher(text(file));
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            while (blocks.find()) {
                if (blocks.group(1).equals("CERTIFICATE")) {
                    ByteArrayInputStream der = new ByteArrayInputStream(decoded(file, blocks.group(2)));
                    found.add((X509Certificate) factory.generateCertificate(der));
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": a certificate in it cannot be read: " + e.getMessage(), e);
        }
        if (found.isEmpty()) {
            throw new IOException(file + ": there is no certificate in it (-----BEGIN CERTIFICATE-----)");
        }
        return found;
    }

    /** The private key of a file, which must be in the form PKCS#8 and not encrypted. */
    static PrivateKey key(Path file) throws IOException {
        Matcher blocks = BLOCK.matcher(text(file));
        String other = "";
        while (blocks.find()) {
            if (blocks.group(1).equals("PRIVATE KEY")) {
                return key(file, decoded(file, blocks.group(2)));
            }
            other = blocks.group(1).endsWith("PRIVATE KEY") ? blocks.group(1) : other;
        }
        throw new IOException(
                other.isEmpty()
                        ? file + ": there is no private key in it (-----BEGIN PRIVATE KEY-----)"
                        : file + ": its key is a \"" + other
                                + "\", and only PKCS#8 without a password is read; convert it: openssl pkcs8 -topk8"
                                + " -nocrypt -in " + file + " -out NEW.pem");
    }

    private static PrivateKey key(Path file, byte[] der) throws IOException {
        return ALGORITHMS.stream()
                .flatMap(algorithm -> key(algorithm, der).stream())
                .findFirst()
                .orElseThrow(() -> new IOException(
                        file + ": its private key is of none of the kinds " + String.join(", ", ALGORITHMS)));
    }

    private static Optional<PrivateKey> key(String algorithm, byte[] der) {
        try {
            return Optional.of(KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der)));
        } catch (GeneralSecurityException e) {
            return Optional.empty(); // a key of another kind
        }
    }

    private static byte[] decoded(Path file, String base64) throws IOException {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": what is between its lines BEGIN and END is not base64", e);
        }
    }

    private static String text(Path file) throws IOException {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new IOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }
}
