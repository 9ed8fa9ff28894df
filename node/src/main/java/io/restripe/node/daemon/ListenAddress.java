package io.restripe.node.daemon;

import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A TCP address to serve on: {@code HOST}, {@code HOST:PORT}, {@code [IPV6]} or {@code [IPV6]:PORT}.
 *
 * @param host a name or a number
 * @param port 0: any that is free
 */
public record ListenAddress(String host, int port) {
    /** Where NBD clients look when nothing else is said (IANA). */
    public static final int NBD_PORT = 10809;

    private static final Pattern FORM = Pattern.compile("(?:\\[([0-9A-Fa-f:.%]+)]|([^\\[\\]:/\\s]+))(?::(\\d{1,5}))?");
    private static final int MOST_PORT = 65_535;

    /** @throws IllegalArgumentException when it is none, and why */
    public static ListenAddress parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no address: HOST, HOST:PORT or [IPV6]:PORT");
        }
        int port = form.group(3) == null ? NBD_PORT : Integer.parseInt(form.group(3));
        if (port > MOST_PORT) {
            throw new IllegalArgumentException("port " + port + " is beyond " + MOST_PORT);
        }
        return new ListenAddress(form.group(1) == null ? form.group(2) : form.group(1), port);
    }

    InetSocketAddress socketAddress() {
        return new InetSocketAddress(host, port);
    }

    /** As {@link #parse} takes it. */
    @Override
    public String toString() {
        return text(host, port);
    }

    static String text(InetSocketAddress address) {
        return text(address.getAddress().getHostAddress(), address.getPort());
    }

    private static String text(String host, int port) {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
