package io.restripe.node.daemon;

import io.restripe.nbd.NbdAddress;
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
    private static final Pattern FORM = Pattern.compile("(?:\\[([0-9A-Fa-f:.%]+)]|([^\\[\\]:/\\s]+))(?::(\\d{1,5}))?");
    private static final int MOST_PORT = 65_535;

    /** @throws IllegalArgumentException when it is none, and why */
    public static ListenAddress parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no address: HOST, HOST:PORT or [IPV6]:PORT");
        }
        int port = form.group(3) == null ? NbdAddress.USUAL_PORT : Integer.parseInt(form.group(3));
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
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
