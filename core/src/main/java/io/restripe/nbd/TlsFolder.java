package io.restripe.nbd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Certificates and keys for encrypted connections, from a folder with the file names that other NBD programs use: {@code ca-cert.pem}, {@code
 * server-cert.pem} and {@code server-key.pem}, {@code client-cert.pem} and {@code client-key.pem}. Immutable.
 */
public final class TlsFolder {
    private static final String AUTHORITY = "ca-cert.pem";
    private static final char[] NO_PASSWORD = {};

    private final SSLContext context;
    private final boolean verifiesClients;

    private TlsFolder(SSLContext context, boolean verifiesClients) {
        this.context = context;
        this.verifiesClients = verifiesClients;
    }

    /**
     * What a server says of itself, and whom it serves.
     *
     * @param verifyClients only clients with a certificate that {@code ca-cert.pem} has signed; else all
     * @throws IOException when a file is missing or not what it should be; the message names it
     */
    public static TlsFolder ofServer(Path folder, boolean verifyClients) throws IOException {
        Path authority = folder.resolve(AUTHORITY);
        return new TlsFolder(
                context(keys(folder, "server"), verifyClients ? trust(authority) : new TrustManager[0]), verifyClients);
    }

    /** What a client trusts and what it says of itself; null: the authorities that the JDK trusts, and nothing. */
    static TlsFolder ofClient(Path folder) throws IOException {
        if (folder == null) {
            return new TlsFolder(context(null, null), false);
        }
        boolean says = Files.exists(folder.resolve("client-cert.pem"));
        return new TlsFolder(context(says ? keys(folder, "client") : null, trust(folder.resolve(AUTHORITY))), false);
    }

    private static SSLContext context(KeyManager[] keys, TrustManager[] trusted) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trusted, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("encryption cannot be set up: " + e.getMessage(), e);
        }
    }

    private static KeyManager[] keys(Path folder, String whose) throws IOException {
        Path certificates = folder.resolve(whose + "-cert.pem");
        List<X509Certificate> chain = Pem.certificates(certificates);
        PrivateKey key = Pem.key(folder.resolve(whose + "-key.pem"));
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setKeyEntry(whose, key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, NO_PASSWORD);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException e) {
            throw new IOException(certificates + " and its key cannot be used: " + e.getMessage(), e);
        }
    }

    private static TrustManager[] trust(Path authorities) throws IOException {
        List<X509Certificate> trusted = Pem.certificates(authorities);
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < trusted.size(); i++) {
                store.setCertificateEntry("authority" + i, trusted.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException e) {
            throw new IOException(authorities + " cannot be used: " + e.getMessage(), e);
        }
    }

    /** For one connection of a server. */
    SSLEngine serverEngine() {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setNeedClientAuth(verifiesClients);
        return engine;
    }

    /**
     * For one connection of a client.
     *
     * @param hostname whom the server's certificate must be for
     */
    SSLEngine clientEngine(String hostname, int port) {
        SSLEngine engine = context.createSSLEngine(hostname, port);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return engine;
    }
}
