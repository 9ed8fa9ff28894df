package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Disk;
import io.restripe.disk.FaultDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.StatsDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes that adjoin and come together are carried out together, and answered one by one. */
@Timeout(60)
class WriteRunsTest {
    private static final int WRITE = 1;
    private static final int READ = 0;
    private static final int FUA = 1;
    private static final int EIO = 5;

    @TempDir
    Path folder;

    private record Write(int flags, int offset, int length) {}

    private ServerRig rig(Disk disk) throws Exception {
        return new ServerRig(folder, NbdLimits.USUAL, disk, false);
    }

    private static List<Write> adjoining(int count, int length) {
        List<Write> writes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            writes.add(new Write(0, i * length, length));
        }
        return writes;
    }

    /** Sends all of them at once and takes every answer; the error of each. */
    private static int[] send(RawClient client, List<Write> writes, byte[] content) throws Exception {
        client.out.write(RawClient.bytes(to -> {
            for (int i = 0; i < writes.size(); i++) {
                Write write = writes.get(i);
                to.write(RawClient.requestBytes(write.flags(), WRITE, i, write.offset(), write.length()));
                to.write(content, write.offset(), write.length());
            }
        }));
        int[] errors = new int[writes.size()];
        Arrays.fill(errors, -1);
        for (int i = 0; i < writes.size(); i++) {
            assertThat(client.in.readInt()).isEqualTo(0x67446698);
            int error = client.in.readInt();
            int cookie = (int) client.in.readLong();
            assertThat(errors[cookie]).as("answered once").isEqualTo(-1);
            errors[cookie] = error;
        }
        return errors;
    }

    private static byte[] noise(long seed) {
        byte[] noise = new byte[(int) ServerRig.BYTES];
        new Random(seed).nextBytes(noise);
        return noise;
    }

    private static void assertHolds(RawClient client, byte[] content, int length) throws Exception {
        client.request(0, READ, 7, 0, length);
        assertThat(client.simpleReply(7)).isZero();
        assertThat(Arrays.equals(client.in.readNBytes(length), Arrays.copyOf(content, length)))
                .isTrue();
    }

    @Test
    void adjoining_writes_that_come_together_are_few_to_the_disk() throws Exception {
        StatsDisk disk = new StatsDisk(new MemoryDisk("m0", ServerRig.SECTORS));
        byte[] content = noise(1);
        try (ServerRig rig = rig(disk);
                RawClient client = rig.client()) {
            assertThat(send(client, adjoining(40, 1024), content)).containsOnly(0);
            assertThat(disk.stats().writes()).isLessThan(20);
            assertHolds(client, content, 40 * 1024);
        }
    }

    @Test
    void more_of_them_than_may_be_under_way_at_once_are_all_answered() throws Exception {
        byte[] content = noise(2);
        try (ServerRig rig = new ServerRig(folder);
                RawClient client = rig.client()) {
            assertThat(send(client, adjoining(2000, 512), content)).containsOnly(0);
            assertHolds(client, content, 2000 * 512);
        }
    }

    @Test
    void a_write_that_must_be_durable_is_flushed_by_itself() throws Exception {
        StatsDisk disk = new StatsDisk(new MemoryDisk("m0", ServerRig.SECTORS));
        byte[] content = noise(3);
        List<Write> writes = new ArrayList<>(adjoining(9, 4096));
        writes.set(4, new Write(FUA, 4 * 4096, 4096));
        try (ServerRig rig = rig(disk);
                RawClient client = rig.client()) {
            assertThat(send(client, writes, content)).containsOnly(0);
            assertThat(disk.stats().flushes()).isEqualTo(1);
            assertHolds(client, content, 9 * 4096);
        }
    }

    @Test
    void when_the_disk_fails_every_one_of_them_has_failed() throws Exception {
        FaultDisk disk = new FaultDisk(new MemoryDisk("m0", ServerRig.SECTORS));
        try (ServerRig rig = rig(disk);
                RawClient client = rig.client()) {
            disk.die();
            assertThat(send(client, adjoining(50, 512), noise(4))).containsOnly(EIO);
            disk.heal();
            assertThat(send(client, adjoining(50, 512), noise(5))).containsOnly(0);
            assertHolds(client, noise(5), 50 * 512);
        }
    }

    /** Runs, gaps, leaps back and writes that are refused, in any mixture; no two of one batch overlap. */
    @Test
    void batches_of_any_mixture_are_as_on_a_plain_array() throws Exception {
        long seed = 20_261_126L;
        Random random = new Random(seed);
        byte[] model = new byte[(int) ServerRig.BYTES];
        try (ServerRig rig = new ServerRig(folder);
                RawClient client = rig.client()) {
            for (int batch = 0; batch < 60; batch++) {
                byte[] content = noise(seed + batch);
                List<Write> writes = new ArrayList<>();
                int at = random.nextInt(200) * 512;
                while (writes.size() < 60 && at < ServerRig.BYTES - 300 * 512) {
                    int length = (1 + random.nextInt(random.nextInt(8) == 0 ? 280 : 12)) * 512;
                    writes.add(new Write(random.nextInt(12) == 0 ? FUA : 0, at, length));
                    at += length + (random.nextInt(5) == 0 ? 512 * random.nextInt(30) : 0);
                }
                if (random.nextInt(3) == 0) {
                    Collections.shuffle(writes, random);
                }
                assertThat(send(client, writes, content))
                        .as("seed %d, batch %d", seed, batch)
                        .containsOnly(0);
                for (Write write : writes) {
                    System.arraycopy(content, write.offset(), model, write.offset(), write.length());
                }
                assertHolds(client, model, model.length);
            }
        }
    }
}
