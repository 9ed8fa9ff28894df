package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.FaultDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.disk.StatsDisk;
import io.restripe.nbd.RawClient.Chunk;
import io.restripe.unit.SectorRange;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ServerTransmissionTest {
    private static final int EPERM = 1;
    private static final int EIO = 5;
    private static final int EINVAL = 22;
    private static final int ENOSPC = 28;
    private static final int ENOTSUP = 95;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 3;
    private static final int TRIM = 4;
    private static final int WRITE_ZEROES = 6;
    private static final int BLOCK_STATUS = 7;
    private static final int FUA = 1;

    @TempDir
    Path folder;

    private ServerRig rig(Disk disk) throws Exception {
        return new ServerRig(folder, NbdLimits.USUAL, disk, false);
    }

    private static int write(RawClient client, int flags, long offset, byte[] data) throws Exception {
        client.request(flags, WRITE, 5, offset, data.length);
        client.out.write(data);
        return client.simpleReply(5);
    }

    private static byte[] read(RawClient client, long offset, int length) throws Exception {
        client.request(0, READ, 6, offset, length);
        assertThat(client.simpleReply(6)).isZero();
        return client.in.readNBytes(length);
    }

    @Test
    void random_requests_behave_as_on_a_plain_array() throws Exception {
        long seed = 20_261_125L;
        SplittableRandom random = new SplittableRandom(seed);
        byte[] model = new byte[(int) ServerRig.BYTES];
        try (ServerRig rig = new ServerRig(folder);
                RawClient client = rig.client()) {
            for (int i = 0; i < 400; i++) {
                int length = (1 + random.nextInt(i % 10 == 0 ? 2048 : 16)) * 512;
                int offset = random.nextInt((int) (ServerRig.BYTES - length) / 512 + 1) * 512;
                switch (random.nextInt(4)) {
                    case 0, 1 -> {
                        byte[] data = new byte[length];
                        random.nextBytes(data);
                        assertThat(write(client, random.nextInt(2), offset, data))
                                .isZero();
                        System.arraycopy(data, 0, model, offset, length);
                    }
                    case 2 -> {
                        assertThat(client.error(random.nextInt(4), WRITE_ZEROES, offset, length))
                                .isZero();
                        Arrays.fill(model, offset, offset + length, (byte) 0);
                    }
                    default -> {
                        boolean same = Arrays.equals(
                                read(client, offset, length), Arrays.copyOfRange(model, offset, offset + length));
                        assertThat(same).as("seed %d, request %d", seed, i).isTrue();
                    }
                }
            }
            assertThat(Arrays.equals(read(client, 0, model.length), model)).isTrue();
        }
    }

    @Test
    void requests_that_come_together_are_all_answered() throws Exception {
        try (ServerRig rig = new ServerRig(folder);
                RawClient client = rig.client()) {
            byte[] many = RawClient.bytes(to -> {
                for (int i = 0; i < 1000; i++) {
                    to.write(RawClient.requestBytes(0, READ, i, 512L * i, 512));
                }
            });
            client.out.write(many);
            boolean[] answered = new boolean[1000];
            for (int i = 0; i < 1000; i++) {
                assertThat(client.in.readInt()).isEqualTo(0x67446698);
                assertThat(client.in.readInt()).isZero();
                answered[(int) client.in.readLong()] = true;
                assertThat(client.in.readNBytes(512)).containsOnly(0);
            }
            assertThat(answered).doesNotContain(false);
        }
    }

    @Test
    void structured_reads_come_as_one_chunk_with_their_offset() throws Exception {
        FaultDisk disk = new FaultDisk(new MemoryDisk("m0", ServerRig.SECTORS)).failReads(new SectorRange(100, 101));
        try (ServerRig rig = rig(disk);
                RawClient client = rig.structuredClient()) {
            assertThat(write(client, 0, 512, filled(1024, 7))).isZero();
            for (int flags : new int[] {0, 4}) {
                client.request(flags, READ, 11, 512, 1024);
                Chunk chunk = client.chunk();
                assertThat(chunk.flags()).isEqualTo(1);
                assertThat(chunk.type()).isEqualTo(1);
                assertThat(chunk.cookie()).isEqualTo(11);
                assertThat(ByteBuffer.wrap(chunk.data()).getLong()).isEqualTo(512);
                assertThat(Arrays.copyOfRange(chunk.data(), 8, chunk.data().length))
                        .hasSize(1024)
                        .containsOnly(7);
            }
            client.request(0, READ, 12, 100 * 512, 512);
            assertThat(chunkError(client.chunk())).isEqualTo(EIO);
            client.request(0, READ, 13, ServerRig.BYTES, 512);
            assertThat(chunkError(client.chunk())).isEqualTo(EINVAL);
            client.request(0, READ, 14, 0, 0);
            assertThat(client.chunk().type()).isZero();
        }
    }

    private static byte[] filled(int length, int with) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) with);
        return data;
    }

    private static int chunkError(Chunk chunk) {
        assertThat(chunk.type()).isEqualTo(0x8001);
        assertThat(chunk.flags()).isEqualTo(1);
        ByteBuffer data = ByteBuffer.wrap(chunk.data());
        int error = data.getInt();
        assertThat(data.remaining()).isEqualTo(2 + data.getShort());
        return error;
    }

    /** The one extent that is told, as "bytes: flags". */
    private static String status(RawClient client, int flags, long offset, int length) throws Exception {
        client.request(flags, BLOCK_STATUS, 1, offset, length);
        Chunk chunk = client.chunk();
        assertThat(chunk.type()).isEqualTo(5);
        ByteBuffer data = ByteBuffer.wrap(chunk.data());
        assertThat(data.remaining()).isEqualTo(12);
        assertThat(data.getInt()).isEqualTo(1);
        return data.getInt() + ": " + data.getInt();
    }

    @Test
    void block_status_says_what_is_allocated() throws Exception {
        int page = 16384; // of a disk in memory
        MemoryDisk disk = new MemoryDisk("m0", ServerRig.SECTORS);
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, disk, false);
                RawClient client = rig.structuredClient()) {
            for (int flags : new int[] {0, 8}) {
                assertThat(status(client, flags, 512, 8192)).isEqualTo("8192: 3");
            }
            disk.write(page / 512, Buffers.allocate(1).fill((byte) 1));
            assertThat(status(client, 0, 512, 2 * page)).isEqualTo(page - 512 + ": 3");
            assertThat(status(client, 0, page, 2 * page)).isEqualTo(page + ": 0");
            client.request(0, BLOCK_STATUS, 2, 0, 0);
            assertThat(chunkError(client.chunk())).isEqualTo(EINVAL);
            client.request(0, BLOCK_STATUS, 3, ServerRig.BYTES, 512);
            assertThat(chunkError(client.chunk())).isEqualTo(EINVAL);
        }
        try (ServerRig rig = new ServerRig(folder);
                RawClient client = rig.client()) {
            assertThat(client.error(0, BLOCK_STATUS, 0, 512)).isEqualTo(EINVAL);
        }
    }

    @Test
    void requests_that_make_no_sense_are_refused_and_the_stream_stays_in_step() throws Exception {
        try (ServerRig rig = new ServerRig(folder);
                RawClient client = rig.client()) {
            long[] outside = {ServerRig.BYTES, ServerRig.BYTES - 512, Long.MAX_VALUE - 511, Long.MIN_VALUE, -512};
            for (long offset : outside) {
                assertThat(client.error(0, READ, offset, 1024)).isEqualTo(EINVAL);
                assertThat(client.error(0, TRIM, offset, 1024)).isEqualTo(EINVAL);
                assertThat(client.error(0, WRITE_ZEROES, offset, 1024)).isEqualTo(ENOSPC);
                assertThat(write(client, 0, offset, new byte[1024])).isEqualTo(ENOSPC);
            }
            for (int type : new int[] {READ, TRIM, WRITE_ZEROES}) {
                assertThat(client.error(0, type, 1, 512)).isEqualTo(EINVAL);
                assertThat(client.error(0, type, 512, 100)).isEqualTo(EINVAL);
            }
            assertThat(write(client, 0, 3, new byte[512])).isEqualTo(EINVAL);
            assertThat(write(client, 0, 0, new byte[100])).isEqualTo(EINVAL);
            assertThat(write(client, 0, 0, new byte[(32 << 20) + 512])).isEqualTo(EINVAL);
            assertThat(client.error(0, READ, 0, (32 << 20) + 512)).isEqualTo(EINVAL);
            assertThat(client.error(0, READ, 0, -512)).isEqualTo(EINVAL);
            for (int type : new int[] {5, 8, 9, 4711, 65535}) {
                assertThat(client.error(0, type, 0, 512)).isEqualTo(EINVAL);
            }
            for (int flags : new int[] {2, 4, 8, 16, 32, 64, 1 << 15}) {
                assertThat(client.error(flags, READ, 0, 512)).isEqualTo(EINVAL);
                assertThat(write(client, flags, 0, new byte[512])).isEqualTo(EINVAL);
            }
            assertThat(client.error(0, FLUSH, 512, 0)).isEqualTo(EINVAL);
            assertThat(client.error(0, FLUSH, 0, 512)).isEqualTo(EINVAL);
            assertThat(client.error(16, WRITE_ZEROES, 0, 512)).isZero();
            assertThat(client.error(16 | 2, WRITE_ZEROES, 0, 512)).isEqualTo(ENOTSUP);
            assertThat(client.error(0, TRIM, 0, (int) ServerRig.BYTES)).isZero();
            assertThat(client.error(0, WRITE_ZEROES, 0, (int) ServerRig.BYTES)).isZero();
            assertThat(client.error(0, READ, 0, 0)).isZero();
            assertThat(write(client, 0, 0, new byte[0])).isZero();
            assertThat(client.error(0, FLUSH, 0, 0)).isZero();
        }
    }

    @Test
    void trimmed_ranges_and_zeros_that_may_be_holes_are_given_up() throws Exception {
        MemoryDisk memory = new MemoryDisk("m0", ServerRig.SECTORS);
        StatsDisk disk = new StatsDisk(memory);
        byte[] data = filled(1 << 20, 7);
        try (ServerRig rig = rig(disk);
                RawClient client = rig.client()) {
            for (int[] request : new int[][] {{0, TRIM}, {0, WRITE_ZEROES}, {16, WRITE_ZEROES}}) {
                assertThat(write(client, 0, 0, data)).isZero();
                long before = memory.residentBytes();
                assertThat(client.error(request[0], request[1], 0, 1 << 19)).isZero();
                assertThat(memory.residentBytes()).isEqualTo(before - (1 << 19));
                assertThat(read(client, 0, 1 << 19)).containsOnly(0);
                assertThat(read(client, 1 << 19, 512)).containsOnly(7);
            }
            assertThat(write(client, 0, 0, data)).isZero();
            long writes = disk.stats().writes();
            long resident = memory.residentBytes();
            assertThat(client.error(2, WRITE_ZEROES, 0, 1 << 19)).isZero();
            assertThat(memory.residentBytes()).isEqualTo(resident);
            assertThat(disk.stats().writes()).isEqualTo(writes + 1);
            assertThat(read(client, 0, 1 << 19)).containsOnly(0);
        }
    }

    @Test
    void where_a_disk_gives_up_nothing_trim_changes_nothing_and_zeros_are_written_unless_they_must_be_fast()
            throws Exception {
        try (ServerRig rig = rig(new DiskLayer(new MemoryDisk("m0", ServerRig.SECTORS)) {});
                RawClient client = rig.client()) {
            assertThat(write(client, 0, 0, filled(2048, 7))).isZero();
            assertThat(client.error(0, TRIM, 0, 2048)).isZero();
            assertThat(client.error(16, WRITE_ZEROES, 0, 2048)).isEqualTo(ENOTSUP);
            assertThat(read(client, 0, 2048)).containsOnly(7);
            assertThat(client.error(0, WRITE_ZEROES, 512, 512)).isZero();
            assertThat(read(client, 512, 512)).containsOnly(0);
            assertThat(read(client, 1024, 1024)).containsOnly(7);
        }
    }

    @Test
    void large_sectors_of_the_disk_are_the_smallest_block() throws Exception {
        try (ServerRig rig = rig(new MemoryDisk("m0", ServerRig.SECTORS, 4096));
                RawClient client = rig.client()) {
            assertThat(client.error(0, READ, 512, 4096)).isEqualTo(EINVAL);
            assertThat(client.error(0, READ, 0, 512)).isEqualTo(EINVAL);
            assertThat(read(client, 4096, 4096)).containsOnly(0);
        }
    }

    @Test
    void a_read_only_export_is_not_changed() throws Exception {
        try (ServerRig rig = new ServerRig(folder, NbdLimits.USUAL, new MemoryDisk("m0", ServerRig.SECTORS), true);
                RawClient client = rig.client()) {
            assertThat(write(client, 0, 0, filled(512, 1))).isEqualTo(EPERM);
            assertThat(client.error(0, TRIM, 0, 512)).isEqualTo(EPERM);
            assertThat(client.error(0, WRITE_ZEROES, 0, 512)).isEqualTo(EPERM);
            assertThat(read(client, 0, 512)).containsOnly(0);
        }
    }

    @Test
    void what_the_disk_does_not_do_is_an_input_output_error() throws Exception {
        FaultDisk disk = new FaultDisk(new MemoryDisk("m0", ServerRig.SECTORS));
        try (ServerRig rig = rig(disk);
                RawClient client = rig.client()) {
            disk.die();
            assertThat(client.error(0, READ, 0, 512)).isEqualTo(EIO);
            assertThat(write(client, 0, 0, new byte[512])).isEqualTo(EIO);
            assertThat(client.error(0, FLUSH, 0, 0)).isEqualTo(EIO);
            assertThat(client.error(0, WRITE_ZEROES, 0, 512)).isEqualTo(EIO);
            disk.heal();
            assertThat(read(client, 0, 512)).containsOnly(0);
            disk.failFlushes();
            assertThat(write(client, 0, 0, new byte[512])).isZero();
            assertThat(write(client, FUA, 0, new byte[512])).isEqualTo(EIO);
        }
    }

    @Test
    void fua_and_flush_reach_the_disk() throws Exception {
        StatsDisk disk = new StatsDisk(new MemoryDisk("m0", ServerRig.SECTORS));
        try (ServerRig rig = rig(disk);
                RawClient client = rig.client()) {
            assertThat(write(client, 0, 0, new byte[512])).isZero();
            assertThat(disk.stats().flushes()).isZero();
            assertThat(write(client, FUA, 0, new byte[512])).isZero();
            assertThat(disk.stats().flushes()).isEqualTo(1);
            assertThat(client.error(FUA, WRITE_ZEROES, 0, 512)).isZero();
            assertThat(disk.stats().flushes()).isEqualTo(2);
            assertThat(client.error(0, TRIM, 0, 512)).isZero();
            assertThat(disk.stats().flushes()).isEqualTo(2);
            assertThat(client.error(FUA, TRIM, 0, 512)).isZero();
            assertThat(disk.stats().flushes()).isEqualTo(3);
            assertThat(client.error(0, FLUSH, 0, 0)).isZero();
            assertThat(disk.stats().flushes()).isEqualTo(4);
        }
    }
}
