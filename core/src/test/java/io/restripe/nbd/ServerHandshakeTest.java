package io.restripe.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.MemoryDisk;
import io.restripe.nbd.RawClient.OptionReply;
import java.io.DataInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ServerHandshakeTest {
    private static final int UNSUP = 0x80000001;
    private static final int INVALID = 0x80000003;
    private static final int UNKNOWN = 0x80000006;
    /** HAS_FLAGS, FLUSH, FUA, TRIM, WRITE_ZEROES, MULTI_CONN, FAST_ZERO. */
    private static final int FLAGS = 1 | 4 | 8 | 32 | 64 | 256 | 2048;

    private static final int DF = 128;

    @TempDir
    Path folder;

    private ServerRig rig;
    private RawClient client;

    @BeforeEach
    void connect() throws Exception {
        rig = new ServerRig(folder);
        client = new RawClient(rig.socket).greet(3);
    }

    @AfterEach
    void end() throws Exception {
        client.close();
        rig.close();
        assertThat(rig.socket).doesNotExist();
    }

    private List<OptionReply> repliesTo(int option, byte[] data) throws Exception {
        client.option(option, data);
        List<OptionReply> replies = new ArrayList<>();
        do {
            replies.add(client.optionReply());
        } while (replies.getLast().type() != 1 && replies.getLast().type() > 0);
        return replies;
    }

    @Test
    void the_socket_is_for_its_owner_only() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(rig.socket)))
                .isEqualTo("rw-------");
    }

    @Test
    void export_name_is_answered_with_size_flags_and_no_zeroes() throws Exception {
        client.option(1, "disk".getBytes(UTF_8));
        assertThat(client.in.readLong()).isEqualTo(ServerRig.BYTES);
        assertThat(client.in.readUnsignedShort()).isEqualTo(FLAGS);
        assertThat(client.error(0, 3, 0, 0)).isZero();
    }

    @Test
    void export_name_is_answered_with_zeroes_to_a_client_that_wants_them() throws Exception {
        try (RawClient old = new RawClient(rig.socket).greet(1)) {
            old.option(1, new byte[0]);
            assertThat(old.in.readLong()).isEqualTo(ServerRig.BYTES);
            assertThat(old.in.readUnsignedShort()).isEqualTo(FLAGS);
            assertThat(old.in.readNBytes(124)).containsOnly(0);
            assertThat(old.error(0, 3, 0, 0)).isZero();
        }
    }

    @Test
    void export_name_of_nothing_ends_the_connection() throws Exception {
        client.option(1, "other".getBytes(UTF_8));
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void list_tells_every_export_with_its_description() throws Exception {
        rig.server.add(new Export("second", "", new MemoryDisk("m1", 8), true));
        List<OptionReply> replies = repliesTo(3, new byte[0]);
        assertThat(replies).extracting(OptionReply::type).containsExactly(2, 2, 1);
        ByteBuffer first = ByteBuffer.wrap(replies.getFirst().data());
        assertThat(first.getInt()).isEqualTo(4);
        assertThat(UTF_8.decode(first).toString()).isEqualTo("diska disk of a test");
        assertThat(repliesTo(3, new byte[1])).extracting(OptionReply::type).containsExactly(INVALID);
    }

    @Test
    void info_tells_size_flags_block_sizes_name_and_description_and_goes_on() throws Exception {
        List<OptionReply> replies = repliesTo(6, RawClient.infoData("disk", 1, 2, 3, 77));
        assertThat(replies).extracting(OptionReply::type).containsExactly(3, 3, 3, 3, 1);
        ByteBuffer export = ByteBuffer.wrap(replies.getFirst().data());
        assertThat(export.getShort()).isZero();
        assertThat(export.getLong()).isEqualTo(ServerRig.BYTES);
        assertThat(export.getShort()).isEqualTo((short) FLAGS);
        ByteBuffer blocks = ByteBuffer.wrap(replies.get(1).data());
        assertThat(blocks.getShort()).isEqualTo((short) 3);
        assertThat(List.of(blocks.getInt(), blocks.getInt(), blocks.getInt())).containsExactly(512, 4096, 32 << 20);
        assertThat(replies.get(2).data()).isEqualTo(new byte[] {0, 1, 'd', 'i', 's', 'k'});
        assertThat(new String(replies.get(3).data(), UTF_8)).endsWith("a disk of a test");
        client.go("disk");
        assertThat(client.error(0, 3, 0, 0)).isZero();
    }

    @Test
    void flags_tell_what_is_read_only_and_what_structured_replies_allow() throws Exception {
        rig.server.add(new Export("fixed", "", new MemoryDisk("m1", 8, 4096), true));
        assertThat(client.ask(8, new byte[0])).isEqualTo(1);
        List<OptionReply> replies = repliesTo(6, RawClient.infoData("fixed"));
        assertThat(ByteBuffer.wrap(replies.getFirst().data()).getShort(10)).isEqualTo((short) (FLAGS | DF | 2));
        assertThat(ByteBuffer.wrap(replies.get(1).data()).getInt(2)).isEqualTo(4096);
    }

    @Test
    void the_empty_name_means_the_only_export_and_nothing_when_there_are_two() throws Exception {
        assertThat(repliesTo(6, RawClient.infoData("")).getLast().type()).isEqualTo(1);
        rig.server.add(new Export("second", "", new MemoryDisk("m1", 8), false));
        assertThat(client.ask(6, RawClient.infoData(""))).isEqualTo(UNKNOWN);
        rig.server.add(new Export("", "", new MemoryDisk("m2", 16), false));
        assertThat(ByteBuffer.wrap(
                                repliesTo(6, RawClient.infoData("")).getFirst().data())
                        .getLong(2))
                .isEqualTo(16 * 512);
    }

    @Test
    void what_is_unknown_or_malformed_is_refused_and_the_handshake_goes_on() throws Exception {
        assertThat(client.ask(5, new byte[0])).isEqualTo(UNSUP);
        assertThat(client.ask(11, new byte[0])).isEqualTo(UNSUP);
        assertThat(client.ask(4711, new byte[3000])).isEqualTo(UNSUP);
        assertThat(client.ask(7, RawClient.infoData("other"))).isEqualTo(UNKNOWN);
        assertThat(client.ask(7, new byte[3])).isEqualTo(INVALID);
        assertThat(client.ask(7, new byte[] {0, 0, 0, 9, 1, 0, 0})).isEqualTo(INVALID);
        assertThat(client.ask(7, new byte[] {-1, -1, -1, -1, 0, 0})).isEqualTo(INVALID);
        assertThat(client.ask(7, new byte[] {0, 0, 0, 0, 0, 2, 0, 3})).isEqualTo(INVALID);
        assertThat(client.ask(7, new byte[] {0, 0, 0, 0, 0, 0, 0, 3})).isEqualTo(INVALID);
        assertThat(client.ask(8, new byte[1])).isEqualTo(INVALID);
        client.go("disk");
        assertThat(client.error(0, 3, 0, 0)).isZero();
    }

    @Test
    void metadata_contexts_are_listed_and_chosen() throws Exception {
        assertThat(client.ask(10, RawClient.metaData("disk", "base:allocation")))
                .as("structured replies come first")
                .isEqualTo(INVALID);
        assertThat(client.ask(8, new byte[0])).isEqualTo(1);
        for (byte[] query : List.of(
                RawClient.metaData("disk"),
                RawClient.metaData("disk", "base:"),
                RawClient.metaData("disk", "x:y", "base:allocation"))) {
            List<OptionReply> listed = repliesTo(9, query);
            assertThat(listed).extracting(OptionReply::type).containsExactly(4, 1);
            assertThat(new String(listed.getFirst().data(), 4, 15, UTF_8)).isEqualTo("base:allocation");
        }
        assertThat(client.ask(9, RawClient.metaData("disk", "qemu:"))).isEqualTo(1);
        assertThat(client.ask(10, RawClient.metaData("disk"))).isEqualTo(1);
        assertThat(client.ask(10, RawClient.metaData("other", "base:allocation")))
                .isEqualTo(UNKNOWN);
        assertThat(client.ask(10, new byte[] {0, 0, 0, 0, 0, 0, 0, 1})).isEqualTo(INVALID);
        assertThat(client.ask(10, new byte[] {0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0}))
                .isEqualTo(INVALID);
        assertThat(repliesTo(10, RawClient.metaData("disk", "base:allocation")))
                .extracting(OptionReply::type)
                .containsExactly(4, 1);
    }

    @Test
    void abort_is_acknowledged_and_ends_the_connection() throws Exception {
        assertThat(client.ask(2, new byte[0])).isEqualTo(1);
        assertThat(client.isDropped()).isTrue();
    }

    @Test
    void it_listens_on_tcp_as_well() throws Exception {
        InetSocketAddress address = rig.server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (RawClient overTcp = new RawClient(address).greet(3).go("disk")) {
            assertThat(overTcp.error(0, 3, 0, 0)).isZero();
        }
    }

    @Test
    void a_new_size_is_seen_by_new_connections_and_exports_come_and_go() throws Exception {
        assertThat(rig.server.remove("disk")).isTrue();
        assertThat(rig.server.remove("disk")).isFalse();
        assertThat(client.ask(7, RawClient.infoData("disk"))).isEqualTo(UNKNOWN);
        rig.server.add(new Export("disk", "", new MemoryDisk("larger", 2 * ServerRig.SECTORS), false));
        assertThatThrownBy(() -> rig.server.add(new Export("disk", "", new MemoryDisk("m", 8), false)))
                .isInstanceOf(IllegalArgumentException.class);
        client.option(6, RawClient.infoData("disk"));
        try (DataInputStream info = new DataInputStream(
                new java.io.ByteArrayInputStream(client.optionReply().data()))) {
            assertThat(info.readShort()).isZero();
            assertThat(info.readLong()).isEqualTo(2 * ServerRig.BYTES);
        }
        assertThat(rig.server.exports()).extracting(Export::name).containsExactly("disk");
    }
}
