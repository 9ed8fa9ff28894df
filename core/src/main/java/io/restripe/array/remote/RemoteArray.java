package io.restripe.array.remote;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.env.Env;
import io.restripe.socket.FrameClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An array in another process. A broken connection reads as ENODEV, like an array that has gone. Any thread may call; a thread of its
 * own waits for changes while somebody subscribes. A blocking write holds up other calls through the same object, so each actor uses
 * its own.
 */
public final class RemoteArray implements ArrayControl, AutoCloseable {
    private static final long RETRY_NANOS = 200_000_000L;

    private final Env env;
    private final String name;
    private final FrameClient client;
    private final FrameClient watcher;
    private final List<Runnable> subscribers = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    public RemoteArray(Env env, Path socket, String name) {
        this.env = env;
        this.name = name;
        this.client = new FrameClient(env, socket);
        this.watcher = new FrameClient(env, socket);
        env.start("changes of " + name, this::watch);
    }

    /** Writes the rest of a call. */
    private interface Fields {
        void write(DataOutputStream out) throws IOException;
    }

    private DataInputStream call(Call call, String what, String value, Fields fields) throws AttributeException {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(call.ordinal());
            out.writeUTF(name);
            fields.write(out);
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(client.call(bytes.toByteArray())));
            if (in.readUnsignedByte() == Call.DONE) {
                return in;
            }
            Errno errno = Errno.valueOf(in.readUTF());
            throw new AttributeException(name, what, value, errno, in.readUTF());
        } catch (AttributeException e) {
            throw e;
        } catch (IOException e) {
            throw gone(what, value, e);
        }
    }

    private AttributeException gone(String what, String value, IOException e) {
        return new AttributeException(name, what, value, Errno.ENODEV, String.valueOf(e.getMessage()));
    }

    private String text(DataInputStream in, String what) throws AttributeException {
        try {
            return in.readUTF();
        } catch (IOException e) {
            throw gone(what, null, e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String read(Attribute attribute) throws AttributeException {
        String what = attribute.mdName();
        return text(call(Call.READ, what, null, out -> out.writeByte(attribute.ordinal())), what);
    }

    @Override
    public void write(Attribute attribute, String value) throws AttributeException {
        call(Call.WRITE, attribute.mdName(), value, out -> {
            out.writeByte(attribute.ordinal());
            out.writeUTF(value);
        });
    }

    @Override
    public List<String> members() throws AttributeException {
        DataInputStream in = call(Call.MEMBERS, "members", null, _ -> {});
        try {
            int count = in.readInt();
            List<String> members = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                members.add(in.readUTF());
            }
            return members;
        } catch (IOException e) {
            throw gone("members", null, e);
        }
    }

    @Override
    public void addMember(String member) throws AttributeException {
        call(Call.ADD_MEMBER, "new_dev", member, out -> out.writeUTF(member));
    }

    @Override
    public String read(String member, MemberAttribute attribute) throws AttributeException {
        String what = member + "/" + attribute.mdName();
        return text(
                call(Call.READ_MEMBER, what, null, out -> {
                    out.writeUTF(member);
                    out.writeByte(attribute.ordinal());
                }),
                what);
    }

    @Override
    public void write(String member, MemberAttribute attribute, String value) throws AttributeException {
        call(Call.WRITE_MEMBER, member + "/" + attribute.mdName(), value, out -> {
            out.writeUTF(member);
            out.writeByte(attribute.ordinal());
            out.writeUTF(value);
        });
    }

    @Override
    public Runnable subscribe(Runnable wake) {
        subscribers.add(wake);
        return () -> subscribers.remove(wake);
    }

    private void watch() {
        long known = -1;
        while (!closed) {
            try {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes);
                out.writeByte(Call.AWAIT.ordinal());
                out.writeLong(known);
                DataInputStream in = new DataInputStream(new ByteArrayInputStream(watcher.call(bytes.toByteArray())));
                int tag = in.readUnsignedByte();
                long now = in.readLong();
                if (tag != Call.DONE) {
                    throw new IOException("answer " + tag);
                }
                if (now != known) {
                    known = now;
                    subscribers.forEach(Runnable::run);
                }
            } catch (IOException e) {
                known = -1; // gone, or not there yet: subscribers look themselves and see ENODEV
                subscribers.forEach(Runnable::run);
                env.sleepNanos(RETRY_NANOS);
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        client.close();
        watcher.close();
    }
}
