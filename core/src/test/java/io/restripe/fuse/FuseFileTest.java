package io.restripe.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import io.restripe.fuse.FakeKernel.Answer;
import io.restripe.os.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Requests as bytes, and what comes back, with no kernel. */
class FuseFileTest {
    private static final long SECTORS = 4096;
    private static final int BYTES = 2 << 20;

    private final Disk disk = new MemoryDisk("m0", SECTORS);
    private final FakeKernel kernel = new FakeKernel(new FuseFile(disk, false)).greeted();

    private static byte[] noise(int bytes, long seed) {
        byte[] noise = new byte[bytes];
        new SplittableRandom(seed).nextBytes(noise);
        return noise;
    }

    private static byte[] onDisk(Disk disk, long sector, int sectors) throws DiskException {
        MemorySegment buffer = Buffers.allocate(sectors);
        disk.read(sector, buffer);
        return buffer.toArray(ValueLayout.JAVA_BYTE);
    }

    private static byte[] rest(ByteBuffer body) {
        byte[] bytes = new byte[body.remaining()];
        body.get(bytes);
        return bytes;
    }

    @Test
    void the_greeting_agrees_on_lengths_and_on_what_both_know() {
        FuseFile file = new FuseFile(disk, false);
        Answer answer = new FakeKernel(file).ask(FakeKernel.INIT, FakeKernel.init(7, 45, -1L));
        assertThat(answer.error()).isZero();
        ByteBuffer body = answer.body();
        assertThat(body.remaining()).isEqualTo(64);
        assertThat(body.getInt(0)).isEqualTo(7);
        assertThat(body.getInt(4)).as("minor").isEqualTo(40);
        assertThat(body.getInt(20)).as("max_write").isEqualTo(1 << 20);
        assertThat(Short.toUnsignedInt(body.getShort(28))).as("max_pages").isEqualTo(256);
        assertThat(Short.toUnsignedInt(body.getShort(16))).as("max_background").isLessThan(FuseServer.MOST_THREADS);
        assertThat(body.getInt(12)).as("flags").isEqualTo(1 | 1 << 5 | 1 << 15 | 1 << 22 | 1 << 30);
        assertThat(body.getInt(32)).as("second flags").isEqualTo(1 << 7);
        assertThat(file.initialized()).isTrue();
        assertThat(file.resends()).isTrue();
    }

    @Test
    void an_older_kernel_does_not_resend_a_too_old_one_is_refused_and_a_newer_one_asks_again() {
        FuseFile older = new FuseFile(disk, false);
        assertThat(new FakeKernel(older)
                        .ask(FakeKernel.INIT, FakeKernel.init(7, 37, 1 << 30))
                        .error())
                .isZero();
        assertThat(older.initialized()).isTrue();
        assertThat(older.resends()).isFalse();
        FuseFile tooOld = new FuseFile(disk, false);
        assertThat(new FakeKernel(tooOld)
                        .ask(FakeKernel.INIT, FakeKernel.init(7, 27, 0))
                        .is(Errno.EIO))
                .isTrue();
        assertThat(tooOld.initialized()).isFalse();
        FuseFile newer = new FuseFile(disk, false);
        Answer answer = new FakeKernel(newer).ask(FakeKernel.INIT, FakeKernel.init(8, 0, -1L));
        assertThat(answer.body().getInt(0)).isEqualTo(7);
        assertThat(newer.initialized()).isFalse();
    }

    @Test
    void nothing_reaches_the_disk_before_the_greeting() throws Exception {
        FakeKernel fresh = new FakeKernel(new FuseFile(disk, false));
        assertThat(fresh.ask(FakeKernel.WRITE, FakeKernel.transfer(0, 512, noise(512, 1)))
                        .is(Errno.EIO))
                .isTrue();
        assertThat(onDisk(disk, 0, 1)).containsOnly(0);
    }

    @Test
    void the_file_is_a_regular_one_as_large_as_the_disk_at_every_moment() {
        Answer answer = kernel.ask(FakeKernel.GETATTR, new byte[16]);
        assertThat(answer.body().remaining()).isEqualTo(104);
        assertThat(answer.body().getLong(0)).as("valid for so long").isZero();
        assertThat(answer.body().getLong(16 + 8)).as("size").isEqualTo(BYTES);
        assertThat(answer.body().getLong(16 + 16)).as("blocks").isEqualTo(SECTORS);
        assertThat(answer.body().getInt(16 + 60)).as("mode").isEqualTo(0x8000 | 0600);
        AtomicInteger larger = new AtomicInteger(1);
        Disk growing = new DiskLayer(disk) {
            @Override
            public long sectors() {
                return SECTORS * larger.get();
            }
        };
        FakeKernel grown = new FakeKernel(new FuseFile(growing, false)).greeted();
        larger.set(3);
        assertThat(grown.ask(FakeKernel.GETATTR, new byte[16]).body().getLong(16 + 8))
                .isEqualTo(3L * BYTES);
    }

    @Test
    void what_is_written_is_on_the_disk_and_what_is_there_is_read() throws Exception {
        byte[] data = noise(64 << 10, 2);
        Answer written = kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(8192, data.length, data));
        assertThat(written.error()).isZero();
        assertThat(written.unique()).isEqualTo(42);
        assertThat(written.body().getInt(0)).isEqualTo(data.length);
        assertThat(onDisk(disk, 16, 128)).isEqualTo(data);
        Answer read = kernel.ask(FakeKernel.READ, FakeKernel.transfer(8192, data.length));
        assertThat(rest(read.body())).isEqualTo(data);
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(8192, 1 << 20))
                        .body()
                        .remaining())
                .isEqualTo(1 << 20);
    }

    @Test
    void a_resent_request_is_answered_under_the_number_that_it_has() {
        long resent = 1L << 63 | 42;
        Answer answer = Answer.of(kernel.raw(FakeKernel.request(FakeKernel.FSYNC, resent, 1, new byte[16])));
        assertThat(answer.unique()).isEqualTo(resent);
        assertThat(answer.error()).isZero();
    }

    @Test
    void a_file_ends_where_it_ends() {
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(BYTES - 512, 4096))
                        .body()
                        .remaining())
                .isEqualTo(512);
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(BYTES + 4096L, 4096)))
                .matches(a -> a.error() == 0 && a.body().remaining() == 0);
        assertThat(kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(BYTES - 512, 1024, new byte[1024]))
                        .is(Errno.ENOSPC))
                .isTrue();
    }

    @Test
    void the_only_length_that_can_be_set_is_the_one_it_has_and_nothing_else_can() {
        int size = 1 << 3;
        int mode = 1;
        int times = 1 << 4 | 1 << 5;
        Answer answer = kernel.ask(FakeKernel.SETATTR, FakeKernel.setattr(size, BYTES));
        assertThat(answer.error()).isZero();
        assertThat(answer.body().remaining()).isEqualTo(104);
        assertThat(answer.body().getLong(16 + 8)).as("size").isEqualTo(BYTES);
        for (byte[] other : List.of(
                FakeKernel.setattr(size, 0),
                FakeKernel.setattr(size, BYTES - 512),
                FakeKernel.setattr(size, BYTES + 512),
                FakeKernel.setattr(size | mode, BYTES),
                FakeKernel.setattr(times, BYTES),
                FakeKernel.setattr(0, BYTES))) {
            assertThat(kernel.ask(FakeKernel.SETATTR, other).is(Errno.EPERM)).isTrue();
        }
        assertThat(kernel.ask(FakeKernel.SETATTR, new byte[24]).is(Errno.EINVAL))
                .isTrue();
    }

    @Test
    void requests_that_are_not_whole_get_errors_and_change_nothing() throws Exception {
        byte[] sector = noise(512, 3);
        byte[] before = onDisk(disk, 0, 64);
        assertThat(kernel.ask(FakeKernel.WRITE, new byte[39]).is(Errno.EINVAL)).isTrue();
        assertThat(kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(0, 1024, sector))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(0, 511, Arrays.copyOf(sector, 511)))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(100, 512, sector))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(-512, 512, sector))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(Long.MAX_VALUE - 511, 512, sector))
                        .error())
                .isNegative();
        assertThat(kernel.ask(FakeKernel.READ, new byte[8]).is(Errno.EINVAL)).isTrue();
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(0, (1 << 20) + 512))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(0, -1)).is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(-4096, 4096)).is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.READ, FakeKernel.transfer(1, 512)).is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.OPEN, new byte[4]).is(Errno.EINVAL)).isTrue();
        assertThat(kernel.ask(FakeKernel.INIT, new byte[12]).is(Errno.EINVAL)).isTrue();
        assertThat(kernel.ask(FakeKernel.FALLOCATE, new byte[31]).is(Errno.EINVAL))
                .isTrue();
        byte[] otherNode = FakeKernel.request(FakeKernel.WRITE, 42, 2, FakeKernel.transfer(0, 512, sector));
        assertThat(Answer.of(kernel.raw(otherNode)).is(Errno.ENOENT)).isTrue();
        byte[] otherLength = FakeKernel.request(FakeKernel.WRITE, 42, 1, FakeKernel.transfer(0, 512, sector));
        otherLength[0]++;
        assertThat(Answer.of(kernel.raw(otherLength)).is(Errno.EIO)).isTrue();
        assertThat(kernel.raw(new byte[39]))
                .as("nobody is there to be answered")
                .isEmpty();
        assertThat(onDisk(disk, 0, 64)).isEqualTo(before);
    }

    @Test
    void what_a_file_on_its_own_does_not_need_is_not_known() {
        for (int opcode : new int[] {1, 5, FakeKernel.GETXATTR, 34, FakeKernel.INTERRUPT, 39, 46, 5000, -1}) {
            assertThat(kernel.ask(opcode, new byte[64]).is(Errno.ENOSYS))
                    .as("opcode " + opcode)
                    .isTrue();
        }
        assertThat(kernel.raw(FakeKernel.request(FakeKernel.FORGET, 42, 1, new byte[8])))
                .isEmpty();
        assertThat(kernel.ask(FakeKernel.RELEASE, new byte[24]).error()).isZero();
        assertThat(kernel.ask(FakeKernel.STATFS).body().remaining()).isEqualTo(80);
    }

    @Test
    void a_hole_gives_up_its_range_and_a_range_of_zeros_is_written() throws Exception {
        MemoryDisk memory = new MemoryDisk("m2", SECTORS);
        FakeKernel other = new FakeKernel(new FuseFile(memory, false)).greeted();
        byte[] data = noise(1 << 20, 4);
        assertThat(other.ask(FakeKernel.WRITE, FakeKernel.transfer(0, data.length, data))
                        .error())
                .isZero();
        assertThat(other.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 1 << 19, 1 | 16))
                        .error())
                .isZero();
        assertThat(memory.residentBytes()).isEqualTo(1 << 20);
        assertThat(onDisk(memory, 0, 1024)).containsOnly(0);
        assertThat(other.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 1 << 19, 1 | 2))
                        .error())
                .isZero();
        assertThat(memory.residentBytes()).isEqualTo(1 << 19);
    }

    @Test
    void where_a_disk_gives_up_nothing_a_hole_is_refused_and_zeros_are_written() throws Exception {
        FakeKernel other = new FakeKernel(new FuseFile(new DiskLayer(disk) {}, false)).greeted();
        byte[] data = noise(4096, 4);
        other.ask(FakeKernel.WRITE, FakeKernel.transfer(0, data.length, data));
        assertThat(other.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 4096, 1 | 2))
                        .is(Errno.EOPNOTSUPP))
                .isTrue();
        assertThat(onDisk(disk, 0, 8)).isEqualTo(data);
        assertThat(other.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 512, 1 | 16))
                        .error())
                .isZero();
        assertThat(onDisk(disk, 0, 1)).containsOnly(0);
    }

    @Test
    void zeros_are_written_where_a_range_is_to_read_as_zeros() throws Exception {
        byte[] data = noise(1 << 20, 4);
        kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(0, data.length, data));
        kernel.ask(FakeKernel.WRITE, FakeKernel.transfer(1 << 20, data.length, data));
        assertThat(kernel.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(512, (1 << 20) + 512, 1 | 2))
                        .error())
                .isZero();
        assertThat(onDisk(disk, 1, 2049)).containsOnly(0);
        assertThat(onDisk(disk, 0, 1)).isEqualTo(Arrays.copyOf(data, 512));
        assertThat(onDisk(disk, 2050, 1)).isEqualTo(Arrays.copyOfRange(data, 1024, 1536));
        assertThat(kernel.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 512, 1 | 16))
                        .error())
                .isZero();
        assertThat(onDisk(disk, 0, 1)).containsOnly(0);
        assertThat(kernel.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 512, 0))
                        .is(Errno.EOPNOTSUPP))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(1, 512, 3))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, BYTES + 512L, 3))
                        .is(Errno.ENOSPC))
                .isTrue();
        assertThat(kernel.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(512, -512, 3))
                        .is(Errno.EINVAL))
                .isTrue();
    }

    @Test
    void a_flush_is_the_disks_and_a_disk_that_fails_is_an_error() {
        AtomicInteger flushes = new AtomicInteger();
        Disk failing = new DiskLayer(disk) {
            @Override
            public void flush() throws DiskException {
                if (flushes.incrementAndGet() > 1) {
                    throw new DiskException("m0", DiskException.Operation.FLUSH, -1, 0, "on purpose");
                }
            }

            @Override
            public void read(long sector, MemorySegment into) {
                throw new IllegalStateException("a bug, on purpose");
            }
        };
        FakeKernel other = new FakeKernel(new FuseFile(failing, false)).greeted();
        assertThat(other.ask(FakeKernel.FSYNC, new byte[16]).error()).isZero();
        assertThat(flushes).hasValue(1);
        assertThat(other.ask(FakeKernel.FSYNC, new byte[16]).is(Errno.EIO)).isTrue();
        assertThat(other.ask(FakeKernel.READ, FakeKernel.transfer(0, 512)).is(Errno.EIO))
                .isTrue();
        assertThat(other.ask(FakeKernel.GETATTR, new byte[16]).error()).isZero();
    }

    @Test
    void a_read_only_file_takes_nothing() throws Exception {
        FakeKernel reader = new FakeKernel(new FuseFile(disk, true)).greeted();
        assertThat(reader.ask(FakeKernel.OPEN, FakeKernel.ints(2, 0)).is(Errno.EROFS))
                .isTrue();
        assertThat(reader.ask(FakeKernel.WRITE, FakeKernel.transfer(0, 512, noise(512, 5)))
                        .is(Errno.EROFS))
                .isTrue();
        assertThat(reader.ask(FakeKernel.FALLOCATE, FakeKernel.fallocate(0, 512, 3))
                        .is(Errno.EROFS))
                .isTrue();
        assertThat(onDisk(disk, 0, 1)).containsOnly(0);
        assertThat(reader.ask(FakeKernel.GETATTR, new byte[16]).body().getInt(16 + 60))
                .isEqualTo(0x8000 | 0400);
        Answer open = reader.ask(FakeKernel.OPEN, FakeKernel.ints(0, 0));
        assertThat(open.body().getInt(8))
                .as("past the page cache, writes beside each other")
                .isEqualTo(1 | 1 << 6);
    }

    @Test
    void a_disk_with_larger_sectors_is_asked_for_whole_ones() {
        FakeKernel large = new FakeKernel(new FuseFile(new MemoryDisk("m1", SECTORS, 4096), false)).greeted();
        assertThat(large.ask(FakeKernel.READ, FakeKernel.transfer(512, 512)).is(Errno.EINVAL))
                .isTrue();
        assertThat(large.ask(FakeKernel.WRITE, FakeKernel.transfer(0, 512, noise(512, 6)))
                        .is(Errno.EINVAL))
                .isTrue();
        assertThat(large.ask(FakeKernel.WRITE, FakeKernel.transfer(4096, 4096, noise(4096, 6)))
                        .error())
                .isZero();
    }

    @Test
    void any_bytes_get_an_answer_or_none_and_never_an_exception() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = noise(random.nextInt(200), i);
            if (bytes.length >= 24 && random.nextBoolean()) {
                ByteBuffer header = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
                header.putInt(0, bytes.length).putInt(4, random.nextInt(55)).putLong(16, 1);
            }
            byte[] answer = kernel.raw(bytes);
            assertThat(answer.length == 0 || answer.length >= 16).isTrue();
        }
    }
}
