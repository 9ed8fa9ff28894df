package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Peers that mean harm, or speak something else: they are dropped, and everybody else is served. */
@Timeout(120)
class HostilePeersTest {
    @TempDir
    Path folder;

    private ServerRig rig;
    private RawClient bystander;

    @BeforeEach
    void start() throws Exception {
        rig = new ServerRig(folder);
        bystander = rig.client();
    }

    @AfterEach
    void everybody_else_is_served() throws Exception {
        assertThat(bystander.error(0, 3, 0, 0)).isZero();
        bystander.close();
        awaitConnections(rig, 0);
        rig.close();
    }

    private static void awaitConnections(ServerRig rig, int wanted) {
        while (rig.server.connections() != wanted) { // bounded by the test's timeout
            rig.env.sleepNanos(1_000_000);
        }
    }

    /** Lets the server forget those that have gone, so that it is not the number of connections that turns the next one away. */
    private void awaitRoom() {
        while (rig.server.connections() > NbdLimits.USUAL.connections() / 2) { // bounded by the test's timeout
            rig.env.sleepNanos(1_000_000);
        }
    }

    private void assertDropped(byte[] afterGreeting) throws Exception {
        try (RawClient client = new RawClient(rig.socket)) {
            client.in.readNBytes(18);
            client.out.write(afterGreeting);
            assertThat(client.isDropped()).isTrue();
        }
    }

    @Test
    void a_bad_greeting_is_the_end() throws Exception {
        for (int flags : new int[] {0, 2, 4, 7, -1}) {
            assertDropped(RawClient.bytes(to -> to.writeInt(flags)));
        }
    }

    @Test
    void a_bad_option_is_the_end() throws Exception {
        assertDropped(RawClient.bytes(to -> {
            to.writeInt(3);
            to.writeLong(0x49484156454F5055L);
            to.writeLong(0);
        }));
        for (int length : new int[] {(64 << 10) + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            for (int option : new int[] {1, 7, 10, 4711}) {
                assertDropped(RawClient.bytes(to -> {
                    to.writeInt(3);
                    to.writeLong(0x49484156454F5054L);
                    to.writeInt(option);
                    to.writeInt(length);
                }));
            }
        }
    }

    @Test
    void a_bad_request_is_the_end() throws Exception {
        try (RawClient client = rig.client()) {
            client.out.write(new byte[28]);
            assertThat(client.isDropped()).isTrue();
        }
        for (int length : new int[] {-1, Integer.MIN_VALUE, (64 << 20) + 512}) {
            try (RawClient client = rig.client()) {
                client.request(0, 1, 1, 0, length);
                assertThat(client.isDropped()).isTrue();
            }
        }
    }

    @Test
    void a_conversation_that_breaks_off_at_any_byte_leaves_nothing_behind() throws Exception {
        byte[] whole = RawClient.bytes(to -> {
            to.writeInt(3);
            to.write(RawClient.optionBytes(8, new byte[0]));
            to.write(RawClient.optionBytes(10, RawClient.metaData("disk", "base:allocation")));
            to.write(RawClient.optionBytes(7, RawClient.infoData("disk", 3)));
            to.write(RawClient.requestBytes(0, 1, 1, 0, 512));
            to.write(new byte[512]);
            to.write(RawClient.requestBytes(0, 0, 2, 0, 512));
        });
        for (int cut = 0; cut < whole.length; cut += cut > 220 && cut < whole.length - 60 ? 37 : 1) {
            try (RawClient client = new RawClient(rig.socket)) {
                client.out.write(whole, 0, cut);
            }
            awaitRoom();
        }
        awaitConnections(rig, 1);
    }

    @Test
    void noise_is_survived() throws Exception {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 200; round++) {
            byte[] noise = new byte[1 + random.nextInt(400)];
            random.nextBytes(noise);
            boolean late = round % 2 == 0;
            try (RawClient client = late ? rig.client() : new RawClient(rig.socket)) {
                if (late) { // what looks like a request gets further
                    client.out.write(RawClient.requestBytes(
                            random.nextInt(1 << 16),
                            random.nextInt(10),
                            random.nextLong(),
                            random.nextLong(),
                            random.nextInt(4096)));
                }
                client.out.write(noise);
            } catch (IOException e) {
                // dropped already
            }
            awaitRoom();
        }
        awaitConnections(rig, 1);
    }

    @Test
    void a_peer_that_sends_byte_by_byte_is_served() throws Exception {
        try (RawClient client = rig.client()) {
            byte[] write = RawClient.bytes(to -> {
                to.write(RawClient.requestBytes(0, 1, 1, 0, 512));
                to.write(new byte[512]);
            });
            for (byte b : write) {
                client.out.write(b);
            }
            assertThat(client.simpleReply(1)).isZero();
        }
    }

    @Test
    void a_peer_that_does_not_read_its_answers_takes_no_more_memory_than_it_may() throws Exception {
        List<RawClient> greedy = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            RawClient client = rig.client();
            greedy.add(client);
            client.channel.configureBlocking(false);
            byte[] request = RawClient.requestBytes(0, 0, i, 0, (int) ServerRig.BYTES);
            for (int n = 0; n < 10_000; n++) {
                if (client.channel.write(java.nio.ByteBuffer.wrap(request)) < request.length) {
                    break;
                }
            }
        }
        assertThat(bystander.error(0, 0, 0, 0)).isZero();
        for (RawClient client : greedy) {
            client.close();
        }
        awaitConnections(rig, 1);
    }

    @Test
    void a_peer_that_says_nothing_is_hung_up_on() throws Exception {
        try (ServerRig impatient = new ServerRig(
                        java.nio.file.Files.createDirectory(folder.resolve("i")),
                        NbdLimits.USUAL.withHandshakeNanos(50_000_000),
                        new MemoryDisk("m0", 8),
                        false);
                RawClient mute = new RawClient(impatient.socket);
                RawClient slow = new RawClient(impatient.socket).greet(3)) {
            mute.in.readNBytes(18);
            assertThat(mute.isDropped()).isTrue();
            assertThat(slow.isDropped()).isTrue();
            awaitConnections(impatient, 0);
        }
    }

    @Test
    void a_client_that_has_agreed_may_be_silent_for_as_long_as_it_likes() throws Exception {
        try (ServerRig impatient = new ServerRig(
                        java.nio.file.Files.createDirectory(folder.resolve("i")),
                        NbdLimits.USUAL.withHandshakeNanos(2_000_000_000),
                        new MemoryDisk("m0", 8),
                        false);
                RawClient agreed = impatient.client();
                RawClient mute = new RawClient(impatient.socket)) {
            mute.in.readNBytes(18);
            assertThat(mute.isDropped()).isTrue(); // so the time of the first is over as well
            assertThat(agreed.error(0, 3, 0, 0)).isZero();
        }
    }

    @Test
    void there_are_no_more_connections_than_allowed() throws Exception {
        try (ServerRig small = new ServerRig(
                        java.nio.file.Files.createDirectory(folder.resolve("s")),
                        NbdLimits.USUAL.withConnections(2),
                        new MemoryDisk("m0", 8),
                        false);
                RawClient first = small.client();
                RawClient second = small.client()) {
            try (RawClient third = new RawClient(small.socket)) {
                assertThat(third.isDropped()).isTrue();
            }
            first.channel.close();
            awaitConnections(small, 1);
            try (RawClient third = small.client()) {
                assertThat(third.error(0, 3, 0, 0)).isZero();
            }
            assertThat(second.error(0, 3, 0, 0)).isZero();
        }
    }
}
