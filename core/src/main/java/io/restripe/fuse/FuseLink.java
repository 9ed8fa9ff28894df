package io.restripe.fuse;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Where requests come from and answers go to: the kernel, or a test. Any thread may call. */
interface FuseLink {
    /** What {@link #receive} says when there will be no further request. */
    int ENDED = -1;

    /**
     * Waits for one request.
     *
     * @return its length in bytes; 0: none, ask again; {@link #ENDED}
     */
    int receive(MemorySegment into) throws IOException;

    /** Sends one whole answer; that nobody waits for it any more is no error. */
    void send(MemorySegment answer) throws IOException;
}
