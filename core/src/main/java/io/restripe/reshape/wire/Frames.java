package io.restripe.reshape.wire;

import io.restripe.geometry.Geometry;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.reshape.Reply;
import io.restripe.reshape.Request;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Messages as bytes, both ways. A frame that is not one of these is an IOException that says what is wrong with it. */
final class Frames {
    private static final int PING_MANAGER = 1;
    private static final int PING_MONITOR = 2;
    private static final int SET_SYNC_MAX = 3;
    private static final int BEGIN_RESHAPE = 4;
    private static final int CANCEL_RESHAPE = 5;
    private static final int WITHDRAW_STEP = 6;
    private static final int TAKE_CHARGE = 7;
    private static final int FROM_MANAGER = 8;
    private static final int OK = 64;
    private static final int REFUSED = 65;
    private static final int FAILED = 66;

    private Frames() {}

    /** An answer as it travels: a reply, or the failure to give one. */
    sealed interface Answer {
        record Given(Reply reply) implements Answer {}

        record Failed(String why) implements Answer {}
    }

    static byte[] encode(Request request) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        switch (request) {
            case Request.FromManager f -> {
                out.writeByte(FROM_MANAGER);
                out.writeLong(f.manager());
                out.writeLong(f.number());
                out.write(encode(f.request()));
            }
            case Request.TakeCharge _ -> out.writeByte(TAKE_CHARGE);
            case Request.PingManager _ -> out.writeByte(PING_MANAGER);
            case Request.PingMonitor _ -> out.writeByte(PING_MONITOR);
            case Request.SetSyncMax s -> {
                out.writeByte(SET_SYNC_MAX);
                out.writeInt(s.volume());
                out.writeLong(s.devicePosition());
                out.writeBoolean(s.backedUp());
            }
            case Request.BeginReshape b -> {
                out.writeByte(BEGIN_RESHAPE);
                writeGoal(out, b.goal());
            }
            case Request.CancelReshape c -> {
                out.writeByte(CANCEL_RESHAPE);
                out.writeInt(c.volume());
            }
            case Request.WithdrawStep w -> {
                out.writeByte(WITHDRAW_STEP);
                out.writeInt(w.volume());
            }
            case Request.BeginRebuild _,
                    Request.BeginResync _,
                    Request.ChangeDisks _,
                    Request.ChangePolicy _,
                    Request.AddVolume _ ->
                throw new IOException(request + " is for the host itself and does not travel");
        }
        return bytes.toByteArray();
    }

    private static void writeGoal(DataOutputStream out, ReshapeGoal goal) throws IOException {
        out.writeInt(goal.volume());
        out.writeInt(goal.after().mdLevel());
        out.writeInt(goal.after().mdLayout());
        out.writeInt(goal.after().members());
        out.writeInt(goal.after().chunkSectors());
        out.writeInt(goal.newMembers().size());
        for (String serial : goal.newMembers()) {
            out.writeUTF(serial);
        }
    }

    static Request decodeRequest(byte[] frame) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(frame));
        int tag = in.readUnsignedByte();
        if (tag == FROM_MANAGER) {
            return new Request.FromManager(in.readLong(), in.readLong(), readRequest(in, in.readUnsignedByte()));
        }
        return readRequest(in, tag);
    }

    private static Request readRequest(DataInputStream in, int tag) throws IOException {
        Request request = switch (tag) {
            case TAKE_CHARGE -> new Request.TakeCharge();
            case PING_MANAGER -> new Request.PingManager();
            case PING_MONITOR -> new Request.PingMonitor();
            case SET_SYNC_MAX -> new Request.SetSyncMax(in.readInt(), in.readLong(), in.readBoolean());
            case BEGIN_RESHAPE -> new Request.BeginReshape(readGoal(in));
            case CANCEL_RESHAPE -> new Request.CancelReshape(in.readInt());
            case WITHDRAW_STEP -> new Request.WithdrawStep(in.readInt());
            default -> throw new IOException("unknown request " + tag);
        };
        requireEnd(in, tag);
        return request;
    }

    private static ReshapeGoal readGoal(DataInputStream in) throws IOException {
        int volume = in.readInt();
        try {
            Geometry after = Geometry.ofMd(in.readInt(), in.readInt(), in.readInt(), in.readInt());
            int count = in.readInt();
            if (count < 0 || count > after.members()) {
                throw new IOException(count + " new members for " + after);
            }
            List<String> serials = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                serials.add(in.readUTF());
            }
            return new ReshapeGoal(volume, after, serials);
        } catch (IllegalArgumentException e) {
            throw new IOException("a goal that is no geometry: " + e.getMessage(), e);
        }
    }

    static byte[] encode(Answer answer) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        switch (answer) {
            case Answer.Given(Reply.Ok _) -> out.writeByte(OK);
            case Answer.Given(Reply.Refused r) -> {
                out.writeByte(REFUSED);
                out.writeUTF(r.rule());
                out.writeUTF(r.why());
            }
            case Answer.Failed f -> {
                out.writeByte(FAILED);
                out.writeUTF(f.why());
            }
        }
        return bytes.toByteArray();
    }

    static Answer decodeAnswer(byte[] frame) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(frame));
        int tag = in.readUnsignedByte();
        Answer answer = switch (tag) {
            case OK -> new Answer.Given(new Reply.Ok());
            case REFUSED -> new Answer.Given(new Reply.Refused(in.readUTF(), in.readUTF()));
            case FAILED -> new Answer.Failed(in.readUTF());
            default -> throw new IOException("unknown answer " + tag);
        };
        requireEnd(in, tag);
        return answer;
    }

    private static void requireEnd(DataInputStream in, int tag) throws IOException {
        if (in.available() > 0) {
            throw new IOException("message " + tag + " has " + in.available() + " bytes too many");
        }
    }
}
