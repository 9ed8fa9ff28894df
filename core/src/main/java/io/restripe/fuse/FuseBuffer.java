package io.restripe.fuse;

import io.restripe.disk.Buffers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One thread's memory for one request and its answer, used again and again. It is laid out so that the payload of a WRITE that comes in,
 * and that of a READ that goes out, lie on a page's border in one piece with what is in front of them: nothing is copied.
 *
 * <pre>
 * page 0                                  page 1
 * ... | request header 40 | READ/WRITE 40 | payload of up to 1 MiB
 *                         | answer's   16 | payload or body
 * </pre>
 */
final class FuseBuffer {
    /** Longest READ or WRITE. */
    static final int MOST_PAYLOAD_BYTES = 1 << 20;

    static final int PAYLOAD = Buffers.PAGE_BYTES;
    static final int REQUEST = PAYLOAD - Protocol.IN_HEADER_BYTES - Protocol.TRANSFER_BYTES;
    static final int BODY = REQUEST + Protocol.IN_HEADER_BYTES;
    static final int ANSWER = PAYLOAD - Protocol.OUT_HEADER_BYTES;

    private final MemorySegment memory;
    private final MemorySegment request;
    /** Payloads of a power of two bytes, made when they are first needed. */
    private final MemorySegment[] payloads = new MemorySegment[Integer.SIZE];

    FuseBuffer(Arena arena) {
        this.memory = arena.allocate(PAYLOAD + (long) MOST_PAYLOAD_BYTES, Buffers.PAGE_BYTES);
        this.request = memory.asSlice(REQUEST);
    }

    /** Where a request is to be put. */
    MemorySegment request() {
        return request;
    }

    /** The answer, of so many bytes. */
    MemorySegment answer(int bytes) {
        return memory.asSlice(ANSWER, bytes);
    }

    /** The first so many bytes of the payload. */
    MemorySegment payload(int bytes) {
        if (Integer.bitCount(bytes) != 1) {
            return memory.asSlice(PAYLOAD, bytes);
        }
        int place = Integer.numberOfTrailingZeros(bytes);
        if (payloads[place] == null) {
            payloads[place] = memory.asSlice(PAYLOAD, bytes);
        }
        return payloads[place];
    }

    int u16(int offset) {
        return Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
    }

    int i32(int offset) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }

    long u32(int offset) {
        return Integer.toUnsignedLong(i32(offset));
    }

    long i64(int offset) {
        return memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    }

    void set16(int offset, int value) {
        memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
    }

    void set32(int offset, int value) {
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
    }

    void set64(int offset, long value) {
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
    }

    /** Makes so many bytes of the payload zeros. */
    void clearPayload(int bytes) {
        memory.asSlice(PAYLOAD, bytes).fill((byte) 0);
    }
}
