package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.nbd.RawServer.Peer;
import io.restripe.nbd.RawServer.Script;
import io.restripe.nbd.RawServer.Taken;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers that do not keep to the protocol, or to their word: a disk on one fails, in bounded time, and gives back no wrong byte. */
@Timeout(60)
class HostileServersTest {
    private static final long SHORT_NANOS = 400_000_000;

    @TempDir
    Path folder;

    private final Env env = new SystemEnv();

    private RawServer server(Script script) throws Exception {
        return new RawServer(env, folder.resolve("raw.sock"), script);
    }

    private NbdDisk open() throws DiskException {
        NbdAddress address = new NbdAddress(null, 0, folder.resolve("raw.sock").toString(), "disk");
        return NbdDisk.open(env, address, NbdDisk.Options.patient(false, SHORT_NANOS));
    }

    private static final Map<String, Script> HANDSHAKES = new TreeMap<>(Map.of(
            "it ends at once",
            _ -> {},
            "it says nothing",
            Peer::awaitEnd,
            "it speaks something else",
            peer -> {
                peer.out.writeBytes("220 mail.example ESMTP ready\r\n");
                peer.awaitEnd();
            },
            "it speaks the oldstyle protocol",
            peer -> {
                peer.out.writeLong(0x4e42444d41474943L);
                peer.out.writeLong(0x0000420281861253L);
                peer.out.writeLong(RawServer.BYTES);
                peer.awaitEnd();
            },
            "its reply to an option is endless",
            peer -> {
                peer.greet();
                peer.option();
                peer.out.writeLong(0x3e889045565a9L);
                peer.out.writeInt(8);
                peer.out.writeInt(1);
                peer.out.writeInt(-1);
                peer.awaitEnd();
            },
            "it answers another option",
            peer -> {
                peer.greet();
                peer.option();
                peer.reply(99, 1, new byte[0]);
                peer.awaitEnd();
            },
            "it agrees without a size",
            peer -> {
                peer.greet();
                peer.reply(peer.option(), 1, new byte[0]);
                peer.reply(peer.option(), 1, new byte[0]);
                peer.awaitEnd();
            },
            "its blocks are odd",
            peer -> {
                peer.greet();
                peer.reply(peer.option(), 1, new byte[0]);
                peer.reply(peer.option(), 3, RawClient.bytes(to -> {
                    to.writeShort(3);
                    to.writeInt(513);
                    to.writeInt(4096);
                    to.writeInt(1 << 20);
                }));
                peer.awaitEnd();
            },
            "it informs without end",
            peer -> {
                peer.greet();
                peer.reply(peer.option(), 1, new byte[0]);
                int go = peer.option();
                while (true) {
                    peer.reply(go, 3, new byte[] {0, 9});
                }
            }));

    static java.util.Set<String> handshakes() {
        return HANDSHAKES.keySet();
    }

    @ParameterizedTest
    @MethodSource("handshakes")
    void a_handshake_that_goes_wrong_is_an_error_in_bounded_time(String which) throws Exception {
        try (RawServer server = server(HANDSHAKES.get(which))) {
            assertThatThrownBy(this::open).isInstanceOf(DiskException.class);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    /** Each agrees, takes one request and answers it so. */
    private static final Map<String, Script> ANSWERS = new TreeMap<>(Map.of(
            "nothing",
            peer -> {
                peer.agree(true).request();
                peer.awaitEnd();
            },
            "it reads nothing",
            peer -> {
                peer.agree(true);
                peer.awaitClose();
            },
            "the end",
            peer -> peer.agree(true).request(),
            "another magic number",
            peer -> {
                peer.agree(false).request();
                peer.out.writeLong(-1);
                peer.out.writeLong(-1);
                peer.awaitEnd();
            },
            "to a request that there is not",
            peer -> {
                Taken taken = peer.agree(false).request();
                peer.simpleReply(taken.cookie() + 1, 0);
                peer.awaitEnd();
            },
            "half of it",
            peer -> {
                Taken taken = peer.agree(false).request();
                peer.simpleReply(taken.cookie(), 0);
                peer.out.write(new byte[taken.length() / 2]);
            },
            "more than was asked for",
            peer -> {
                Taken taken = peer.agree(true).request();
                peer.chunk(1, 1, taken.cookie(), 8 + 2 * taken.length(), RawClient.bytes(to -> {
                    to.writeLong(taken.offset());
                    to.write(new byte[2 * taken.length()]);
                }));
                peer.awaitEnd();
            },
            "bytes from before",
            peer -> {
                Taken taken = peer.agree(true).request();
                peer.chunk(1, 1, taken.cookie(), 8 + 512, RawClient.bytes(to -> {
                    to.writeLong(taken.offset() - 512);
                    to.write(new byte[512]);
                }));
                peer.awaitEnd();
            },
            "an endless block status",
            peer -> {
                Taken taken = peer.agree(true).request();
                peer.chunk(0, 5, taken.cookie(), -4, new byte[0]);
                peer.awaitEnd();
            },
            "an endless error",
            peer -> {
                Taken taken = peer.agree(true).request();
                peer.chunk(1, 0x8001, taken.cookie(), -1, new byte[0]);
                peer.awaitEnd();
            }));

    /** That nothing comes is known only when all the time that a disk has is over. */
    private static final java.util.Set<String> SILENT = java.util.Set.of("nothing", "it reads nothing");

    static java.util.Set<String> answers() {
        return ANSWERS.keySet();
    }

    @ParameterizedTest
    @MethodSource("answers")
    void an_answer_that_is_none_fails_the_disk_in_bounded_time(String which) throws Exception {
        try (RawServer server = server(ANSWERS.get(which));
                NbdDisk disk = open()) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> disk.read(8, Buffers.allocate(8))).isInstanceOf(DiskException.class);
                assertThatThrownBy(() -> disk.write(0, Buffers.allocate(1024))).isInstanceOf(DiskException.class);
                assertThatThrownBy(disk::flush).isInstanceOf(DiskException.class);
            }
            if (!SILENT.contains(which)) {
                assertThat(server.connections()).as("it tried again").isGreaterThan(1);
            }
        }
    }

    @Test
    void a_read_of_which_a_part_does_not_come_has_failed_and_the_next_request_works() throws Exception {
        Script script = peer -> {
            peer.agree(true);
            Taken first = peer.request();
            peer.chunk(1, 1, first.cookie(), 8 + 512, RawClient.bytes(to -> {
                to.writeLong(first.offset());
                to.write(new byte[512]);
            }));
            Taken second = peer.request();
            peer.chunk(1, 2, second.cookie(), 12, RawClient.bytes(to -> {
                to.writeLong(second.offset());
                to.writeInt(second.length());
            }));
            peer.awaitEnd();
        };
        try (RawServer server = server(script);
                NbdDisk disk = open()) {
            MemorySegment buffer = Buffers.allocate(8);
            assertThatThrownBy(() -> disk.read(0, buffer)).hasMessageContaining("EIO");
            buffer.fill((byte) 7);
            disk.read(0, buffer);
            assertThat(buffer.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    /** The first connection is silent; the second answers: as when a machine has gone without a word and come back. */
    @Test
    void a_connection_on_which_nothing_comes_is_made_again_and_the_request_sent_again() throws Exception {
        Script script = peer -> {
            peer.agree(false);
            Taken taken = peer.request();
            if (peer.number > 1) {
                peer.simpleReply(taken.cookie(), 0);
                peer.out.write(new byte[taken.length()]);
            }
            peer.awaitEnd();
        };
        NbdAddress address = new NbdAddress(null, 0, folder.resolve("raw.sock").toString(), "disk");
        try (RawServer server = server(script);
                NbdDisk disk = NbdDisk.open(env, address, NbdDisk.Options.patient(false, 5_000_000_000L))) {
            MemorySegment buffer = Buffers.allocate(8);
            buffer.fill((byte) 7);
            disk.read(0, buffer);
            assertThat(buffer.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void after_one_failed_flush_nothing_that_was_written_is_trusted() throws Exception {
        Script script = peer -> {
            peer.agree(false);
            while (true) {
                Taken taken = peer.request();
                peer.simpleReply(taken.cookie(), taken.type() == 3 ? 5 : 0);
                peer.out.write(new byte[taken.type() == 0 ? taken.length() : 0]);
            }
        };
        try (RawServer server = server(script);
                NbdDisk disk = open()) {
            disk.write(0, Buffers.allocate(8));
            assertThatThrownBy(disk::flush).hasMessageContaining("EIO");
            assertThatThrownBy(disk::flush).hasMessageContaining("an earlier flush failed");
            assertThatThrownBy(() -> disk.write(0, Buffers.allocate(8)))
                    .hasMessageContaining("an earlier flush failed");
            disk.read(0, Buffers.allocate(8));
            assertThat(server.connections()).isEqualTo(1);
        }
    }
}
