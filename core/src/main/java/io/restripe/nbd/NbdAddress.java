package io.restripe.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Where an export is: {@code nbd://host[:port]/export} or {@code nbd+unix:///export?socket=PATH}; {@code nbds} in place of {@code nbd}
 * for encrypted connections.
 *
 * @param host name or number of the machine; null for a Unix-domain socket
 * @param port TCP port; 0 for a Unix-domain socket
 * @param socket path of a Unix-domain socket; null for TCP
 * @param export name of the export, may be empty
 * @param tls how to encrypt; null: in the clear
 */
public record NbdAddress(String host, int port, String socket, String export, Tls tls) {
    /** The port that is meant where none is named. */
    public static final int USUAL_PORT = 10_809;

    private static final List<String> SCHEMES = List.of("nbd://", "nbds://", "nbd+unix://", "nbds+unix://");
    private static final Set<String> UNIX_PARAMETERS = Set.of("socket");
    private static final Set<String> TLS_PARAMETERS = Set.of("tls-certificates", "tls-hostname");
    private static final String NEVER_ESCAPED = "-._~/:";

    /**
     * What an encrypted connection needs beside the place.
     *
     * @param certificates folder with {@code ca-cert.pem}, and {@code client-cert.pem} and {@code client-key.pem} where the server asks
     *     who the client is; null: the usual one
     * @param hostname the name that the server's certificate must be for; null: the host of the address
     */
    public record Tls(String certificates, String hostname) {
        /** Nothing but the usual. */
        public static final Tls USUAL = new Tls(null, null);
    }

    public NbdAddress {
        if ((host == null) == (socket == null)) {
            throw new IllegalArgumentException("an NBD address is either a host or a socket");
        }
    }

    /** In the clear. */
    public NbdAddress(String host, int port, String socket, String export) {
        this(host, port, socket, export, null);
    }

    /** Whether a text is meant to be an address of this kind: by how it begins. */
    public static boolean looksLike(String text) {
        return SCHEMES.stream().anyMatch(text.toLowerCase(Locale.ROOT)::startsWith);
    }

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException when it is not of one of the forms; the message says what is wrong
     */
    public static NbdAddress parse(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(text + " is not a URI: " + e.getReason(), e);
        }
        String path = uri.getPath() == null ? "" : uri.getPath();
        String export = path.startsWith("/") ? path.substring(1) : path;
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        return switch (scheme) {
            case "nbd", "nbds" -> tcp(text, uri, export, scheme.equals("nbds"));
            case "nbd+unix", "nbds+unix" -> unix(text, uri, export, scheme.equals("nbds+unix"));
            default -> throw refused(text, "it begins with none of " + String.join(", ", SCHEMES));
        };
    }

    private static NbdAddress tcp(String text, URI uri, String export, boolean encrypted) {
        if (uri.getHost() == null) {
            throw refused(text, "it names no host");
        }
        if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            throw refused(text, "neither a user nor a fragment is known");
        }
        int port = uri.getPort() == -1 ? USUAL_PORT : uri.getPort();
        if (port < 1 || port > 65_535) {
            throw refused(text, "there is no port " + port);
        }
        Map<String, String> parameters = parameters(text, uri, encrypted ? TLS_PARAMETERS : Set.of());
        String host = uri.getHost().toLowerCase(Locale.ROOT);
        return new NbdAddress(host, port, null, export, encrypted ? tls(parameters) : null);
    }

    private static NbdAddress unix(String text, URI uri, String export, boolean encrypted) {
        if (uri.getRawAuthority() != null) {
            throw refused(text, "a Unix-domain socket has no host: write nbd+unix:///" + export + "?socket=PATH");
        }
        Set<String> known = new java.util.LinkedHashSet<>(UNIX_PARAMETERS);
        if (encrypted) {
            known.addAll(TLS_PARAMETERS);
        }
        Map<String, String> parameters = parameters(text, uri, known);
        String socket = parameters.getOrDefault("socket", "");
        if (socket.isEmpty()) {
            throw refused(text, "it needs one ?socket=PATH");
        }
        return new NbdAddress(null, 0, socket, export, encrypted ? tls(parameters) : null);
    }

    private static Tls tls(Map<String, String> parameters) {
        return new Tls(parameters.get("tls-certificates"), parameters.get("tls-hostname"));
    }

    private static Map<String, String> parameters(String text, URI uri, Set<String> known) {
        Map<String, String> parameters = new LinkedHashMap<>();
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        for (String parameter : query.split("&", -1)) {
            int equals = parameter.indexOf('=');
            String name = equals < 0 ? parameter : parameter.substring(0, equals);
            if (parameter.isEmpty()) {
                continue;
            }
            if (equals < 0 || !known.contains(name)) {
                throw refused(text, "the parameter " + parameter + " is not known");
            }
            String value = URLDecoder.decode(parameter.substring(equals + 1).replace("+", "%2B"), UTF_8);
            if (parameters.put(name, value) != null) {
                throw refused(text, "it has " + name + " twice");
            }
        }
        return parameters;
    }

    /** Another export of the same server. */
    public NbdAddress withExport(String other) {
        return new NbdAddress(host, port, socket, other, tls);
    }

    /** The same with files and folders from the working folder of this process, which another one has not. */
    public NbdAddress withAbsolutePaths() {
        Tls absolute = tls == null ? null : new Tls(absolute(tls.certificates()), tls.hostname());
        return new NbdAddress(host, port, absolute(socket), export, absolute);
    }

    private static String absolute(String path) {
        return path == null ? null : Path.of(path).toAbsolutePath().normalize().toString();
    }

    private static IllegalArgumentException refused(String text, String why) {
        return new IllegalArgumentException(text + " is not the address of an NBD export: " + why);
    }

    /** The socket to connect to; a host's name is looked up now. */
    SocketAddress socketAddress() throws UnknownHostException {
        return socket != null
                ? UnixDomainSocketAddress.of(socket)
                : new InetSocketAddress(InetAddress.getByName(host), port);
    }

    /**
     * A text that is the same for two addresses when they are known to lead to the same export: by the machine's number and not its name,
     * by the socket's file and not one of its paths. A host that nobody knows at the moment stays as it is.
     */
    public String place() {
        String where;
        try {
            where = socket != null ? Path.of(socket).toRealPath().toString() : String.valueOf(socketAddress());
        } catch (IOException e) {
            return toString(); // what is not there cannot be compared better than by its name
        }
        // An address that was looked up stands behind the name.
        return where.substring(socket == null ? where.indexOf('/') + 1 : 0) + " export " + export;
    }

    /** As a URI, always the same for the same address, that {@link #parse} gives back. No "@" is in it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(tls == null ? "nbd" : "nbds");
        text.append(socket == null ? "://" : "+unix://");
        if (socket == null) {
            text.append(host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host);
            text.append(':').append(port);
        }
        text.append('/').append(escaped(export));
        char separator = '?';
        separator = append(text, separator, "socket", socket);
        if (tls != null) {
            separator = append(text, separator, "tls-certificates", tls.certificates());
            append(text, separator, "tls-hostname", tls.hostname());
        }
        return text.toString();
    }

    private static char append(StringBuilder text, char separator, String name, String value) {
        if (value == null) {
            return separator;
        }
        text.append(separator).append(name).append('=').append(escaped(value));
        return '&';
    }

    private static String escaped(String raw) {
        StringBuilder text = new StringBuilder();
        for (byte b : raw.getBytes(UTF_8)) {
            char c = (char) Byte.toUnsignedInt(b);
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (plain || NEVER_ESCAPED.indexOf(c) >= 0) {
                text.append(c);
            } else {
                text.append(String.format(Locale.ROOT, "%%%02X", (int) c));
            }
        }
        return text.toString();
    }
}
