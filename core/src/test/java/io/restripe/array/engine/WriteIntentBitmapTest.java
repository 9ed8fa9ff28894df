package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.Attribute;
import io.restripe.consistency.BitmapArea;
import io.restripe.consistency.Consistency;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.disk.Buffers;
import io.restripe.disk.MemoryDisk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When bits are written and flushed, seen by one member. */
class WriteIntentBitmapTest {
    private static final int COMPONENT = 1024;

    @Test
    void a_bit_is_durable_before_the_write_and_dropped_only_when_everything_older_is() throws Exception {
        try (ArrayFixture fixture = new ArrayFixture(COMPONENT, 3)) {
            List<String> events = Collections.synchronizedList(new java.util.ArrayList<>());
            fixture.configure(5, 0, 3, 128);
            fixture.set(Attribute.BITMAP_LOCATION, "+" + (ArrayFixture.OFFSET + COMPONENT + 8));
            fixture.start();
            fixture.monitor();
            ArrayFixture.FaultyDisk parity = fixture.disks.get("d2");
            parity.beforeWrite = () -> events.add("write");
            parity.beforeFlush = () -> events.add("flush");
            fixture.array.disk().write(0, Buffers.allocate(8));
            assertThat(events).containsExactly("flush", "write", "flush", "write");
            events.clear();
            fixture.array.disk().write(8, Buffers.allocate(8));
            assertThat(events).as("the bit is set").containsExactly("write");
            fixture.set(Attribute.ARRAY_STATE, "clean");
            events.clear();
            fixture.array.disk().write(0, Buffers.allocate(8));
            assertThat(events)
                    .as("older rows, then the bits, then the row")
                    .containsExactly("flush", "write", "flush", "write");
        }
    }

    /** As seen with Linux 6.1 in a guest: a write at 200 MiB of a RAID10 of four members sets bit 3 of chunks of 64 MiB, which is at 100 MiB of two members. */
    @Test
    void the_bits_of_a_raid10_count_what_users_see() throws Exception {
        try (ArrayFixture fixture = new ArrayFixture(COMPONENT, 4)) {
            giveSuperblocks(fixture, 128);
            fixture.configure(10, 0x102, 4, 8);
            fixture.set(Attribute.BITMAP_LOCATION, "+" + BITS);
            fixture.start();
            fixture.monitor();
            fixture.array.disk().write(400, Buffers.allocate(8));
            for (ArrayFixture.FaultyDisk disk : fixture.disks.values()) {
                assertThat(bits(disk)).as(disk.name()).isEqualTo(1 << 400 / 128);
            }
        }
    }

    @Test
    void a_resync_of_a_raid10_goes_where_users_wrote() throws Exception {
        try (ArrayFixture fixture = new ArrayFixture(COMPONENT, 4)) {
            giveSuperblocks(fixture, 128);
            for (ArrayFixture.FaultyDisk disk : fixture.disks.values()) {
                setBits(disk, 1 << 3); // array sectors 384 to 511: sectors 192 to 255 of each member
                disk.write(ArrayFixture.OFFSET + 200, filled((byte)
                        (disk.name().equals("d1") || disk.name().equals("d3") ? 1 : 2)));
                disk.write(ArrayFixture.OFFSET + 100, filled((byte)
                        (disk.name().equals("d1") || disk.name().equals("d3") ? 1 : 2)));
            }
            fixture.configure(10, 0x102, 4, 8);
            fixture.set(Attribute.BITMAP_LOCATION, "+" + BITS);
            fixture.set(Attribute.RESYNC_START, "0");
            fixture.start();
            fixture.monitor();
            fixture.set(Attribute.ARRAY_STATE, "active");
            fixture.await(Attribute.RESYNC_START, "none");
            assertThat(first(fixture.disks.get("d0"), 200)).isEqualTo(first(fixture.disks.get("d1"), 200));
            assertThat(first(fixture.disks.get("d2"), 200)).isEqualTo(first(fixture.disks.get("d3"), 200));
            assertThat(first(fixture.disks.get("d0"), 100))
                    .as("no bit stands for it")
                    .isNotEqualTo(first(fixture.disks.get("d1"), 100));
        }
    }

    private static final long BITS = ArrayFixture.OFFSET + COMPONENT + 8;

    private static void giveSuperblocks(ArrayFixture fixture, long chunkSectors) throws Exception {
        MemoryDisk made = new MemoryDisk("made", BitmapArea.AREA_SECTORS);
        new BitmapArea(made, new Consistency(ConsistencyPolicy.BITMAP, 0, BitmapArea.AREA_SECTORS, 0))
                .create("0:0:0:0", chunkSectors);
        MemorySegment superblock = Buffers.allocate(BitmapArea.HEADER_SECTORS);
        made.read(BitmapArea.HEADER_SECTOR, superblock);
        for (ArrayFixture.FaultyDisk disk : fixture.disks.values()) {
            disk.write(BITS - BitmapArea.HEADER_SECTORS, superblock);
        }
    }

    private static MemorySegment filled(byte value) {
        MemorySegment bytes = Buffers.allocate(8);
        bytes.fill(value);
        return bytes;
    }

    private static byte first(ArrayFixture.FaultyDisk disk, long memberSector) throws Exception {
        MemorySegment bytes = Buffers.allocate(8);
        disk.read(ArrayFixture.OFFSET + memberSector, bytes);
        return bytes.get(ValueLayout.JAVA_BYTE, 0);
    }

    private static void setBits(ArrayFixture.FaultyDisk disk, int bits) throws Exception {
        MemorySegment bytes = Buffers.allocate(8);
        bytes.set(ValueLayout.JAVA_INT, 0, bits);
        disk.write(BITS, bytes);
    }

    private static int bits(ArrayFixture.FaultyDisk disk) throws Exception {
        MemorySegment bytes = Buffers.allocate(8);
        disk.read(BITS, bytes);
        return bytes.get(ValueLayout.JAVA_INT, 0);
    }
}
