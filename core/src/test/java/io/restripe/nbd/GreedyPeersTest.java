package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.nbd.PayloadBuffers.Payload;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Peers that together want more than there is: memory is bounded for all of them, and those that sit on it lose it to those that wait. */
@Timeout(60)
class GreedyPeersTest {
    private static final int LARGEST = Wire.MAX_PAYLOAD_BYTES;
    private static final int MIB = 1 << 20;
    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    @TempDir
    Path folder;

    private ServerRig rig(NbdLimits limits) throws Exception {
        return new ServerRig(folder, limits, new MemoryDisk("m0", 4L * LARGEST / 512), false);
    }

    @Test
    void those_that_do_not_send_what_they_announced_make_room_for_others() throws Exception {
        try (ServerRig rig = rig(NbdLimits.USUAL.withStallNanos(STALL_NANOS));
                RawClient first = rig.client();
                RawClient second = rig.client();
                RawClient other = rig.client()) {
            first.request(0, 1, 1, 0, LARGEST);
            second.request(0, 1, 1, 0, LARGEST);
            rig.awaitPayloads(2L * LARGEST);
            other.request(0, 1, 7, 0, MIB);
            other.out.write(new byte[MIB]);
            assertThat(other.simpleReply(7)).isZero();
            assertThat(sendsTheRest(first) && sendsTheRest(second))
                    .as("none of them was dropped")
                    .isFalse();
        }
    }

    /** Whether the request is carried out all the same: its connection is still there. */
    private static boolean sendsTheRest(RawClient client) {
        try {
            client.out.write(new byte[LARGEST]);
            return client.simpleReply(1) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void those_that_do_not_take_their_answers_make_room_for_others() throws Exception {
        try (ServerRig rig = rig(NbdLimits.USUAL.withStallNanos(STALL_NANOS));
                RawClient deaf = rig.client();
                RawClient deafToo = rig.client();
                RawClient other = rig.client()) {
            deaf.request(0, 0, 1, 0, LARGEST);
            deafToo.request(0, 0, 1, 0, LARGEST);
            rig.awaitPayloads(2L * LARGEST);
            other.request(0, 0, 7, 0, LARGEST);
            assertThat(other.simpleReply(7)).isZero();
            assertThat(other.in.readNBytes(LARGEST)).hasSize(LARGEST);
            assertThat(takesItsAnswer(deaf) && takesItsAnswer(deafToo))
                    .as("none of them was dropped")
                    .isFalse();
        }
    }

    /** Whether all of it is there, and not only what was in the socket when the connection ended. */
    private static boolean takesItsAnswer(RawClient client) {
        try {
            return client.simpleReply(1) == 0 && client.in.readNBytes(LARGEST).length == LARGEST;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void one_that_nobody_waits_for_may_take_its_time() throws Exception {
        try (ServerRig rig = rig(NbdLimits.USUAL.withStallNanos(STALL_NANOS));
                RawClient slow = rig.client();
                RawClient other = rig.client()) {
            slow.request(0, 1, 1, 0, LARGEST);
            slow.out.write(new byte[MIB]);
            rig.env.sleepNanos(3 * STALL_NANOS);
            assertThat(other.error(0, 3, 0, 0)).as("it needs no memory").isZero();
            slow.out.write(new byte[LARGEST - MIB]);
            assertThat(slow.simpleReply(1)).isZero();
        }
    }

    @Test
    void many_large_requests_of_many_are_all_carried_out() throws Exception {
        try (ServerRig rig = rig(NbdLimits.USUAL)) {
            List<Env.Worker> clients = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                clients.add(rig.env.start("client", () -> readsTwice(rig)));
            }
            clients.forEach(Env.Worker::join);
        }
    }

    private static void readsTwice(ServerRig rig) {
        try (RawClient client = rig.client()) {
            client.request(0, 0, 0, 0, LARGEST - 512);
            client.request(0, 0, 1, 0, LARGEST - 512);
            for (int turn = 0; turn < 2; turn++) {
                assertThat(client.simpleReply(turn)).isZero();
                assertThat(client.in.readNBytes(LARGEST - 512)).hasSize(LARGEST - 512);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void those_that_leave_in_the_middle_leave_no_memory_taken() throws Exception {
        try (ServerRig rig = rig(NbdLimits.USUAL)) {
            for (int turn = 0; turn < 20; turn++) {
                try (RawClient client = rig.client()) {
                    for (int i = 0; i < 6; i++) {
                        client.request(0, 0, i, 0, LARGEST / 4);
                    }
                    if (turn % 2 == 0) {
                        client.in.readNBytes(MIB);
                    }
                }
            }
            readsTwice(rig);
        }
    }

    @Test
    void what_one_connection_keeps_for_later_another_may_have() {
        SystemEnv env = new SystemEnv();
        PayloadRoom room = new PayloadRoom(env, LARGEST, STALL_NANOS);
        try (PayloadBuffers one = PayloadBuffersTest.buffers(room, LARGEST);
                PayloadBuffers two = PayloadBuffersTest.buffers(room, LARGEST)) {
            Payload all = one.take(LARGEST);
            assertThat(two.poll(512)).as("all is taken").isNull();
            one.give(all);
            Payload half = two.poll(LARGEST / 2);
            assertThat(half).isNotNull();
            assertThat(one.allocatedBytes()).isZero();
            assertThat(one.poll(LARGEST)).isNull();
            two.give(half);
        }
    }

    @Test
    void who_came_later_does_not_get_what_another_waits_for() {
        SystemEnv env = new SystemEnv();
        PayloadRoom room = new PayloadRoom(env, LARGEST, TimeUnit.HOURS.toNanos(1));
        try (PayloadBuffers one = PayloadBuffersTest.buffers(room, LARGEST);
                PayloadBuffers two = PayloadBuffersTest.buffers(room, LARGEST)) {
            Payload half = one.take(LARGEST / 2);
            Payload small = one.take(512);
            var waiter = env.start("waiter", () -> two.give(two.take(LARGEST)));
            for (Payload early = one.poll(512); early != null; early = one.poll(512)) { // until the other waits
                one.give(early);
            }
            one.give(small);
            assertThat(one.poll(512))
                    .as("it was this one's, and is another's turn")
                    .isNull();
            one.give(half);
            waiter.join();
        }
    }

    @Test
    void peers_over_tcp_keep_nobody_here_out() throws Exception {
        try (ServerRig rig = rig(NbdLimits.USUAL.withConnections(2))) {
            InetSocketAddress address = rig.server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (RawClient first = new RawClient(address).greet(3).go("disk");
                    RawClient second = new RawClient(address).greet(3).go("disk");
                    RawClient third = new RawClient(address);
                    RawClient here = rig.client()) {
                assertThat(third.isDropped()).isTrue();
                assertThat(here.error(0, 3, 0, 0)).isZero();
                assertThat(first.error(0, 3, 0, 0)).isZero();
                assertThat(second.error(0, 3, 0, 0)).isZero();
                assertThat(rig.server.connections()).isEqualTo(3);
            }
        }
    }
}
