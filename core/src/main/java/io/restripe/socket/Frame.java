package io.restripe.socket;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** One message on the wire. */
final class Frame {
    /** Nothing that is sent comes near it; a larger length means that the peer speaks something else. */
    private static final int LONGEST = 1 << 16;

    private Frame() {}

    static void send(DataOutputStream out, byte[] frame) throws IOException {
        if (frame.length < 1 || frame.length > LONGEST) {
            throw new IOException("a frame of " + frame.length + " bytes cannot be sent");
        }
        out.writeInt(frame.length);
        out.write(frame);
        out.flush();
    }

    /** The next frame; an EOFException when the peer has gone. */
    static byte[] receive(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 1 || length > LONGEST) {
            throw new IOException("a frame of " + length + " bytes: the peer speaks something else");
        }
        byte[] frame = new byte[length];
        in.readFully(frame);
        return frame;
    }
}
