package io.restripe.array.remote;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.env.Env;
import io.restripe.socket.FrameServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.function.Function;

/**
 * Offers arrays to other processes. Changes are told by answering a call that waits for them: a counter goes up with every wake-up, and
 * a waiting call is answered as soon as the counter is past the one it knows, or after a while.
 */
public final class ArraySocket implements AutoCloseable {
    private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final Function<String, ArrayControl> arrays;
    private final FrameServer server;
    private final Lock lock;
    private final Condition changed;
    private long changes;

    /** @param arrays name to control, null if there is none of that name; {@link #watch} each so that its changes are told */
    public ArraySocket(Env env, Path path, Function<String, ArrayControl> arrays) throws IOException {
        this.arrays = arrays;
        this.lock = env.newLock();
        this.changed = lock.newCondition();
        this.server = new FrameServer(env, path, this::answer);
    }

    /** Changes of this array are told from now on. */
    public void watch(ArrayControl array) {
        array.subscribe(this::count);
    }

    private void count() {
        lock.lock();
        try {
            changes++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private byte[] answer(byte[] frame) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(frame));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        Call call = Call.ofTag(in.readUnsignedByte());
        if (call == Call.AWAIT) {
            out.writeByte(Call.DONE);
            out.writeLong(await(in.readLong()));
            return bytes.toByteArray();
        }
        String name = in.readUTF();
        try {
            ArrayControl array = arrays.apply(name);
            if (array == null) {
                throw new AttributeException(name, "array", null, Errno.ENODEV, "no array of that name");
            }
            carryOut(call, array, in, out);
        } catch (AttributeException e) {
            bytes.reset();
            out.writeByte(Call.REFUSED);
            out.writeUTF(e.errno().name());
            out.writeUTF(String.valueOf(e.getMessage()));
        }
        return bytes.toByteArray();
    }

    private static void carryOut(Call call, ArrayControl array, DataInputStream in, DataOutputStream out)
            throws IOException {
        out.writeByte(Call.DONE);
        switch (call) {
            case READ -> out.writeUTF(array.read(attribute(in)));
            case WRITE -> array.write(attribute(in), in.readUTF());
            case MEMBERS -> {
                List<String> members = array.members();
                out.writeInt(members.size());
                for (String member : members) {
                    out.writeUTF(member);
                }
            }
            case ADD_MEMBER -> array.addMember(in.readUTF());
            case READ_MEMBER -> out.writeUTF(array.read(in.readUTF(), memberAttribute(in)));
            case WRITE_MEMBER -> array.write(in.readUTF(), memberAttribute(in), in.readUTF());
            case AWAIT -> throw new IOException("await names no array");
        }
    }

    private static Attribute attribute(DataInputStream in) throws IOException {
        int ordinal = in.readUnsignedByte();
        if (ordinal >= Attribute.values().length) {
            throw new IOException("attribute number " + ordinal);
        }
        return Attribute.values()[ordinal];
    }

    private static MemberAttribute memberAttribute(DataInputStream in) throws IOException {
        int ordinal = in.readUnsignedByte();
        if (ordinal >= MemberAttribute.values().length) {
            throw new IOException("member attribute number " + ordinal);
        }
        return MemberAttribute.values()[ordinal];
    }

    private long await(long known) throws IOException {
        lock.lock();
        try {
            long left = LONGEST_WAIT_NANOS;
            while (changes <= known && left > 0) {
                left = changed.awaitNanos(left);
            }
            return changes;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
