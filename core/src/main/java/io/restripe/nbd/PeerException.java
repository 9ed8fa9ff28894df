package io.restripe.nbd;

import java.io.IOException;

/** The peer does not keep to the protocol, or to what it may ask: its connection ends. */
final class PeerException extends IOException {
    private static final long serialVersionUID = 1L;

    PeerException(String what) {
        super(what);
    }
}
