package io.restripe.nbd;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Where an export is: {@code nbd://host[:port]/export} or {@code nbd+unix:///export?socket=PATH}.
 *
 * @param host name or number of the machine; null for a Unix-domain socket
 * @param port TCP port; 0 for a Unix-domain socket
 * @param socket path of a Unix-domain socket; null for TCP
 * @param export name of the export, may be empty
 */
public record NbdAddress(String host, int port, String socket, String export) {
    /** The port that is meant where none is named. */
    public static final int USUAL_PORT = 10_809;

    public NbdAddress {
        if ((host == null) == (socket == null)) {
            throw new IllegalArgumentException("an NBD address is either a host or a socket");
        }
    }

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException when it is not of one of the two forms; the message says what is wrong
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
        return switch (uri.getScheme()) {
            case "nbd" -> tcp(text, uri, export);
            case "nbd+unix" -> unix(text, uri, export);
            case null, default ->
                throw refused(text, "it begins with neither nbd:// nor nbd+unix://; encrypted forms are not known");
        };
    }

    private static NbdAddress tcp(String text, URI uri, String export) {
        if (uri.getHost() == null) {
            throw refused(text, "it names no host");
        }
        if (uri.getRawQuery() != null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            throw refused(text, "nothing but host, port and export is known");
        }
        int port = uri.getPort() == -1 ? USUAL_PORT : uri.getPort();
        if (port < 1 || port > 65_535) {
            throw refused(text, "there is no port " + port);
        }
        return new NbdAddress(uri.getHost(), port, null, export);
    }

    private static NbdAddress unix(String text, URI uri, String export) {
        if (uri.getRawAuthority() != null) {
            throw refused(text, "a Unix-domain socket has no host: write nbd+unix:///" + export + "?socket=PATH");
        }
        List<String> sockets = new ArrayList<>();
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        for (String parameter : query.split("&", -1)) {
            if (parameter.startsWith("socket=")) {
                String raw = parameter.substring("socket=".length()).replace("+", "%2B");
                sockets.add(URLDecoder.decode(raw, StandardCharsets.UTF_8));
            } else if (!parameter.isEmpty()) {
                throw refused(text, "the parameter " + parameter + " is not known");
            }
        }
        if (sockets.size() != 1 || sockets.getFirst().isEmpty()) {
            throw refused(text, "it needs one ?socket=PATH");
        }
        return new NbdAddress(null, 0, sockets.getFirst(), export);
    }

    /** Another export of the same server. */
    public NbdAddress withExport(String other) {
        return new NbdAddress(host, port, socket, other);
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

    /** As a URI. */
    @Override
    public String toString() {
        try {
            return socket != null
                    ? new URI("nbd+unix", "", "/" + export, "socket=" + socket, null).toString()
                    : new URI("nbd", null, host, port, "/" + export, null, null).toString();
        } catch (URISyntaxException e) {
            return (socket != null ? socket : host + ":" + port) + "/" + export;
        }
    }
}
