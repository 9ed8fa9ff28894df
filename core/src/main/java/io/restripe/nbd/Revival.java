package io.restripe.nbd;

import io.restripe.nbd.Connector.Connection;
import io.restripe.nbd.UnflushedWrites.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;

/**
 * What is done on a connection that was made again before it is used: the disk is looked at, whether it is still the same one, and what
 * was acknowledged and not flushed is written again. One request after the other; owned by one thread.
 */
final class Revival implements ClientReplies.Table, UnflushedWrites.Writer {
    /** The export cannot be used any more: there is no sense in trying again. */
    static final class OtherDiskException extends IOException {
        private static final long serialVersionUID = 1L;

        OtherDiskException(String what) {
            super(what);
        }
    }

    /**
     * What a disk is known by.
     *
     * @param offset in bytes, where it stands
     */
    record Mark(long offset, byte[] bytes) {}

    private final Connection connection;
    private final ClientReplies replies;
    private Call underWay;
    private long lastCookie;

    Revival(Connection connection) {
        this.connection = connection;
        this.replies = new ClientReplies(connection.in(), this);
    }

    /** Refuses a disk that does not bear the mark. */
    void expect(Mark mark) throws IOException {
        ByteBuffer found = ByteBuffer.allocateDirect(mark.bytes().length);
        ask(Wire.CMD_READ, mark.offset(), found);
        byte[] bytes = new byte[mark.bytes().length];
        found.clear().get(bytes);
        if (!Arrays.equals(bytes, mark.bytes())) {
            throw new OtherDiskException(
                    "another disk was at this address when the connection was made again: what it is known by, at byte "
                            + mark.offset() + ", has changed");
        }
    }

    /** Writes again, and flushes. */
    void replay(UnflushedWrites writes, Collection<Entry> entries) throws IOException {
        for (Entry entry : entries) {
            writes.replay(entry, this);
        }
        if (!entries.isEmpty()) {
            ask(Wire.CMD_FLUSH, 0, null);
        }
    }

    @Override
    public void write(long offset, ByteBuffer piece) throws IOException {
        ask(Wire.CMD_WRITE, offset, piece);
    }

    @Override
    public void zero(long offset, long bytes) throws IOException {
        ask(Call.zeros(0, offset, bytes, --lastCookie, null, 0));
    }

    private void ask(int type, long offset, ByteBuffer view) throws IOException {
        ask(new Call(type, offset, view, --lastCookie, null, 0));
    }

    private void ask(Call call) throws IOException {
        underWay = call;
        call.sendTo(connection.channel());
        while (!call.finished) {
            replies.takeNext();
        }
        if (call.error != 0) {
            throw new OtherDiskException("the connection was made again, and what was written before it broke cannot be"
                    + " brought there: the server says " + Wire.errorText(call.error));
        }
    }

    @Override
    public Call find(long cookie) throws PeerException {
        if (underWay == null || underWay.finished || underWay.cookie != cookie) {
            throw new PeerException("a reply to request " + cookie + ", which is not under way");
        }
        return underWay;
    }

    @Override
    public void finished(Call call, int error) {
        call.error = error;
        call.finished = true;
    }
}
