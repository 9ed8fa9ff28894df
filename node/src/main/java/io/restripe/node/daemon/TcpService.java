package io.restripe.node.daemon;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Serving on TCP, as asked for.
 *
 * @param tls folder with the server's certificate and key; empty: in the clear
 * @param verifyClients only clients with a certificate of the folder's authority
 */
public record TcpService(ListenAddress address, Optional<Path> tls, boolean verifyClients) {}
