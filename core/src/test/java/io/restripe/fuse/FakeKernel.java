package io.restripe.fuse;

import io.restripe.os.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes that a kernel sends, as its header file has them, and the look into the answers. */
final class FakeKernel {
    static final int INIT = 26;
    static final int GETATTR = 3;
    static final int SETATTR = 4;
    static final int OPEN = 14;
    static final int READ = 15;
    static final int WRITE = 16;
    static final int STATFS = 17;
    static final int RELEASE = 18;
    static final int FSYNC = 20;
    static final int GETXATTR = 22;
    static final int FORGET = 2;
    static final int INTERRUPT = 36;
    static final int FALLOCATE = 43;

    private final FuseFile file;
    private final FuseBuffer buffer = new FuseBuffer(Arena.ofAuto());

    FakeKernel(FuseFile file) {
        this.file = file;
    }

    /**
     * An answer.
     *
     * @param error 0 or a number below it
     */
    record Answer(int error, long unique, ByteBuffer body) {
        static Answer of(byte[] bytes) {
            ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            if (all.getInt() != bytes.length) {
                throw new AssertionError("the answer's length is not what it says");
            }
            int error = all.getInt();
            long unique = all.getLong();
            return new Answer(error, unique, all.slice().order(ByteOrder.LITTLE_ENDIAN));
        }

        boolean is(Errno errno) {
            return error == -errno.number() && body.remaining() == 0;
        }
    }

    /** A request with its header. */
    static byte[] request(int opcode, long unique, long node, byte[] body) {
        return ByteBuffer.allocate(40 + body.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(40 + body.length)
                .putInt(opcode)
                .putLong(unique)
                .putLong(node)
                .putInt(0)
                .putInt(0)
                .putInt(1)
                .putInt(0)
                .put(body)
                .array();
    }

    static byte[] init(int major, int minor, long flags) {
        return ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(major)
                .putInt(minor)
                .putInt(131_072)
                .putInt((int) flags)
                .putInt((int) (flags >>> 32))
                .array();
    }

    /** The body of a READ, or the begin of that of a WRITE. */
    static byte[] transfer(long offset, int size, byte... data) {
        return ByteBuffer.allocate(40 + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(1)
                .putLong(offset)
                .putInt(size)
                .putInt(0)
                .putLong(0)
                .putLong(0)
                .put(data)
                .array();
    }

    static byte[] fallocate(long offset, long length, int mode) {
        return ByteBuffer.allocate(32)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(1)
                .putLong(offset)
                .putLong(length)
                .putInt(mode)
                .array();
    }

    static byte[] setattr(int which, long size) {
        return ByteBuffer.allocate(88)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(which)
                .putInt(0)
                .putLong(1)
                .putLong(size)
                .array();
    }

    static byte[] ints(int... values) {
        ByteBuffer body = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            body.putInt(value);
        }
        return body.array();
    }

    /** The answer's bytes; empty when there is none. */
    byte[] raw(byte[] request) {
        MemorySegment.copy(MemorySegment.ofArray(request), 0, buffer.request(), 0, request.length);
        int bytes = file.answer(buffer, request.length);
        return buffer.answer(bytes).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }

    Answer ask(int opcode, byte... body) {
        return Answer.of(raw(request(opcode, 42, 1, body)));
    }

    FakeKernel greeted() {
        ask(INIT, init(7, 45, (1L << 39) | (1L << 30) | (1L << 22) | (1L << 15) | 1));
        return this;
    }
}
