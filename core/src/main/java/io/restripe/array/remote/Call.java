package io.restripe.array.remote;

import java.io.IOException;

/** What is asked across the socket; the tag is the ordinal. Both ends are of one build, so numbers need not last. */
enum Call {
    READ,
    WRITE,
    MEMBERS,
    ADD_MEMBER,
    READ_MEMBER,
    WRITE_MEMBER,
    AWAIT;

    static final int DONE = 100;
    static final int REFUSED = 101;

    static Call ofTag(int tag) throws IOException {
        if (tag >= values().length) {
            throw new IOException("call number " + tag);
        }
        return values()[tag];
    }
}
