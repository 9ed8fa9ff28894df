package io.restripe.array.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.ArrayBackend.Pinged;
import io.restripe.env.SystemEnv;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The messages that mdadm 4.2 was seen to send, byte for byte. */
class MdadmSocketTest {
    private static final String BEGIN = "a5a55a5a";
    private static final String END = "5a5aa5a5";

    @TempDir
    private Path folder;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile boolean refusing;
    private Path path;
    private MdadmSocket socket;

    @BeforeEach
    void open() throws IOException {
        path = folder.resolve("md127.sock");
        Files.writeString(path, "left behind");
        socket = new MdadmSocket(
                new SystemEnv(),
                path,
                new Pinged() {
                    @Override
                    public void record() {
                        asked.add("record");
                    }

                    @Override
                    public void lookAgain() {
                        asked.add("look again");
                    }
                },
                this::lookAround);
    }

    private void lookAround() throws IOException {
        if (refusing) {
            throw new IOException("a disk that was put in is refused");
        }
    }

    @AfterEach
    void close() {
        socket.close();
        assertThat(path).doesNotExist();
    }

    /** All that comes until the peer hangs up or nothing more is due. */
    private String reply(String message, int bytes) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(path));
            channel.write(ByteBuffer.wrap(HexFormat.of().parseHex(message)));
            ByteBuffer into = ByteBuffer.allocate(bytes);
            boolean more = true;
            while (more && into.hasRemaining()) {
                more = channel.read(into) >= 0;
            }
            return HexFormat.of().formatHex(into.array(), 0, into.position());
        } catch (SocketException e) {
            return ""; // the rest of the message was not read any more
        }
    }

    @Test
    void who_asks_to_look_again_is_told_a_name_once_that_is_recorded_too() throws IOException {
        String name = HexFormat.of().formatHex("restripe\n\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(reply(BEGIN + "00000000" + END, 22)).isEqualTo(BEGIN + "0a000000" + name + END);
        assertThat(asked).containsExactly("look again", "record");
    }

    @Test
    void who_asks_to_record_gets_an_empty_answer_once_it_is_done() throws IOException {
        assertThat(reply(BEGIN + "ffffffff" + END, 12)).isEqualTo(BEGIN + "00000000" + END);
        assertThat(asked).containsExactly("record");
    }

    @Test
    void who_brought_a_disk_that_is_refused_gets_no_answer() throws IOException {
        refusing = true;
        assertThat(reply(BEGIN + "00000000" + END, 22)).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void a_change_of_metadata_in_mdadm_s_form_is_not_acknowledged() throws IOException {
        assertThat(reply(BEGIN + "10000000" + "00".repeat(16) + END, 12)).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void what_is_no_message_is_dropped_and_the_next_one_is_answered() throws IOException {
        assertThat(reply("00".repeat(12), 12)).isEmpty();
        assertThat(reply(BEGIN + "ffffffff" + "00000000", 12)).isEmpty();
        assertThat(asked).isEmpty();
        assertThat(reply(BEGIN + "ffffffff" + END, 12)).hasSize(24);
    }
}
