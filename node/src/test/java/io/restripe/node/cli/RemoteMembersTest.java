package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.node.rpc.MemberStatus;
import io.restripe.node.rpc.RunFolder;
import io.restripe.node.rpc.VolumeStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Arrays whose members are exports of NBD servers of others. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RemoteMembersTest extends ArrayFiles {
    private static final long LABEL_FROM_END = 160L * 512;

    private final List<Nbdkit> servers = new ArrayList<>();
    private String three;

    @BeforeEach
    void three_servers() throws Exception {
        Nbdkit.require();
        three = serve("a").uri() + " " + serve("b").uri() + " " + serve("c").uri();
    }

    @AfterEach
    void stop_servers() throws Exception {
        for (Nbdkit server : servers) {
            server.close();
        }
    }

    /** A server of a new file, or of one that is there. */
    private Nbdkit serve(String file) throws Exception {
        if (!Files.exists(image(file))) {
            newFile(file);
        }
        Nbdkit server = Nbdkit.serving(image(file), folder.resolve(file + servers.size() + ".sock"));
        servers.add(server);
        return server;
    }

    private Path image(String file) {
        return folder.resolve(file + ".img");
    }

    private void create(String options) {
        good(("create c0/v0 --level=5 -n3 --assume-clean " + options).strip() + " " + three);
    }

    private VolumeStatus volume() {
        return status().volumes().getFirst();
    }

    private void awaitDegraded() {
        while (volume().degraded() == 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void an_array_on_three_servers_outlives_one_of_them_and_is_rebuilt_onto_a_fourth() throws Exception {
        create("--member-timeout=1");
        byte[] data = bytes(20 << 20, 1);
        good(data, "write c0/v0");
        servers.get(1).kill();
        byte[] other = bytes(10 << 20, 2);
        good(other, "write c0/v0");
        assertThat(volume().degraded()).isEqualTo(1);
        System.arraycopy(other, 0, data, 0, other.length);
        assertSame(good("cat c0/v0 --length=20M").data, data);
        good("add c0 " + serve("d").uri());
        good("wait c0");
        assertThat(volume().degraded()).isZero();
        good("remove c0 " + servers.get(1).uri());
        good("stop c0");
        String members = servers.get(3).uri() + " " + servers.get(0).uri() + " "
                + servers.get(2).uri();
        assertSame(good("cat --length=20M " + members).data, data);
        assertThat(good("check " + members).out).contains("everything is consistent");
        assertThat(good("examine " + members).out).contains("RS");
    }

    @Test
    void a_server_that_is_back_in_time_has_not_failed_and_has_lost_nothing() throws Exception {
        create("--member-timeout=60");
        byte[] data = bytes(24 << 20, 3);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = writing(data, failure);
        for (int i = 0; writer.isAlive(); i++) {
            servers.get(i % 3).kill();
            servers.get(i % 3).start();
        }
        writer.join();
        assertThat(failure.get()).isNull();
        assertThat(volume().degraded()).isZero();
        assertSame(good("cat c0/v0 --length=24M").data, data);
        assertThat(good("check c0").out).contains("everything is consistent");
        good("stop c0");
        assertSame(good("cat --length=24M @a @b @c").data, data);
    }

    @Test
    void a_server_that_is_connected_and_silent_has_failed_after_the_time() throws Exception {
        create("--member-timeout=1");
        servers.get(2).freeze();
        byte[] data = bytes(8 << 20, 4);
        good(data, "write c0/v0");
        assertThat(volume().degraded()).isEqualTo(1);
        assertSame(good("cat c0/v0 --length=8M").data, data);
        good("stop c0");
    }

    @Test
    void a_grow_over_servers_survives_the_death_of_the_host() throws Exception {
        create("");
        byte[] data = bytes(30 << 20, 5);
        good(data, "write c0/v0");
        String fourth = serve("d").uri();
        good("grow c0 -n4 --speed-limit=2048 --add " + fourth);
        while (volume().work().doneSectors() == 0) {
            Thread.onSpinWait();
        }
        kill("c0");
        good("assemble c0 " + three + " " + fourth);
        good("grow c0 --speed-limit=0 --wait");
        assertThat(volume().shape().raidDevices()).isEqualTo(4);
        assertSame(good("cat c0/v0 --length=30M").data, data);
        good("stop c0");
        assertSame(good("cat --length=30M " + three + " " + fourth).data, data);
        assertThat(good("check @a @b @c @d").out).contains("everything is consistent");
    }

    @Test
    void a_member_is_known_by_its_label_wherever_it_is_served() throws Exception {
        create("");
        byte[] data = bytes(4 << 20, 6);
        good(data, "write c0/v0");
        List<String> serials =
                status().members().stream().map(MemberStatus::serial).toList();
        good("stop c0");
        servers.get(0).kill();
        servers.get(1).kill();
        Files.move(image("a"), image("x"));
        Files.move(image("b"), image("a"));
        Files.move(image("x"), image("b"));
        servers.get(0).start();
        servers.get(1).start();
        good("assemble c0 " + three);
        assertThat(status().members().stream().map(MemberStatus::serial)).containsExactlyElementsOf(serials);
        assertSame(good("cat c0/v0 --length=4M").data, data);
        good("stop c0");
        assertSame(good("cat --length=4M @a " + serve("b").uri() + " @c").data, data);
        refused(
                "assemble c0 " + servers.get(0).uri() + "@OTHER "
                        + servers.get(1).uri() + " " + servers.get(2).uri(),
                "it is named with serial OTHER, but its label says RS");
    }

    @Test
    void one_disk_under_two_names_is_refused_and_nothing_is_left_of_the_attempt() throws Exception {
        Nbdkit again = serve("a");
        byte[] before = Files.readAllBytes(image("a"));
        String twice = servers.get(0).uri() + " " + servers.get(1).uri() + " " + again.uri();
        refused("create c0/v0 --level=5 -n3 --assume-clean " + twice, "same disk");
        refused("create c0/v0 --level=1 -n2 --assume-clean @a " + again.uri(), "it is the same disk as");
        String one = servers.get(0).uri();
        refused("create c0/v0 --level=1 -n2 --assume-clean " + one + " " + one, "it is the same disk as");
        assertSame(Files.readAllBytes(image("a")), before);
        create("");
        refused("add c0 " + again.uri(), "its serial RS", "is in use by a process of this machine");
        refused("assemble c1 " + three, "is in use by a process of this machine");
        refused("cat " + three, "is in use by a process of this machine");
        refused("add c0 --force " + again.uri() + "@OTHER", "it is the same disk as");
        refused("add c0 --force " + one + "@OTHER", "what is at this address is in use by a process of this machine");
        good("stop c0");
        refused("assemble c0 " + twice, "is also that of");
    }

    @Test
    void what_is_refused_later_leaves_no_label() throws Exception {
        byte[] before = Files.readAllBytes(image("a"));
        refused("create c0/v0 --level=5 -n3 --assume-clean --size=1G " + three, "remedy");
        assertSame(Files.readAllBytes(image("a")), before);
        create("");
        byte[] spare = new byte[32 << 20];
        Nbdkit fourth = serve("d");
        refused("grow c0 -n9 --add " + fourth.uri(), "spares");
        good("grow c0 -n4 --plan --add " + fourth.uri());
        assertSame(Files.readAllBytes(image("d")), spare);
        assertThat(status().members()).hasSize(3);
    }

    /** One host is the server of another's member. */
    @Test
    void a_volume_of_ours_is_a_member_too_and_its_host_may_die_and_come_back() throws Exception {
        newFile("d");
        newFile("e");
        good("create c1/v1 --level=0 -n2 @d @e");
        String member = "nbd+unix:///v1?socket=" + new RunFolder(run()).nbdSocket("c1");
        String local = image("a").toString();
        servers.get(0).kill();
        good("create c0/v0 --level=1 -n2 --assume-clean --member-timeout=120 " + local + " " + member);
        byte[] data = bytes(8 << 20, 8);
        good(data, "write c0/v0");
        kill("c1");
        byte[] other = bytes(4 << 20, 9);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = writing(other, failure);
        good("assemble c1 @d @e");
        writer.join();
        assertThat(failure.get()).isNull();
        System.arraycopy(other, 0, data, 0, other.length);
        assertThat(volume().degraded()).isZero();
        assertThat(good("check c0").out).contains("everything is consistent");
        good("stop c0");
        assertSame(good("cat --length=8M " + member).data, data);
        good("stop c1");
    }

    private Thread writing(byte[] data, AtomicReference<Throwable> failure) {
        return Thread.ofPlatform().start(() -> {
            try {
                good(data, "write c0/v0");
            } catch (Throwable e) {
                failure.set(e);
            }
        });
    }

    @Test
    void an_image_with_no_label_needs_its_serial_named() throws Exception {
        good("create c0/v0 --level=1 -n2 --assume-clean --file-size=32M " + image("m") + "@S1 " + image("n") + "@S2");
        byte[] data = bytes(1 << 20, 7);
        good(data, "write c0/v0");
        good("stop c0");
        String m = serve("m").uri();
        String n = serve("n").uri();
        refused("assemble c0 " + m + " " + n, "it has no label", m + "@SERIAL");
        good("assemble c0 " + m + "@S1 " + n + "@S2");
        assertSame(good("cat c0/v0 --length=1M").data, data);
        good("fail c0/v0 " + n);
        good("remove c0 " + n);
        refused("add c0 " + n + "@S3", "it carries imsm metadata of a container");
        good("add c0 " + n + "@S2");
        good("wait c0");
        good("stop c0");
        good("assemble c0 " + m + "@S1 " + n);
        assertThat(volume().degraded()).isZero();
        try (var file = new java.io.RandomAccessFile(image("n").toFile(), "r")) {
            file.seek(file.length() - LABEL_FROM_END);
            byte[] label = new byte[15];
            file.readFully(label);
            assertThat(label).asString().isEqualTo("restripe member");
        }
    }

    @Test
    void what_is_no_export_is_refused_with_the_reason() throws Exception {
        refused("examine nbd+unix:///?socket=" + folder.resolve("nothing"), "cannot open member", "Start its server");
        refused("assemble c0 nbd://localhost:99999/x", "there is no port 99999");
        refused("assemble c0 nbd+unix:///x", "it needs one ?socket=PATH");
        refused("examine " + servers.get(0).uri(), "it has no label");
        refused("examine " + servers.get(0).uri() + "@S", "it carries no imsm metadata");
        create("");
        good("stop c0");
        servers.get(0).kill();
        refused("assemble c0 " + three, "cannot open member", servers.get(0).uri());
        good("assemble c0 --run " + servers.get(1).uri() + " " + servers.get(2).uri());
        awaitDegraded();
    }
}
