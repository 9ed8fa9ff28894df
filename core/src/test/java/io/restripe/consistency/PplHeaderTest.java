package io.restripe.consistency;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.Buffers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Headers as the kernel's md wrote them (Linux 6.1, IMSM volume made by mdadm 4.2), told by their fields and their checksum. */
class PplHeaderTest {
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;

    private static MemorySegment encoded(PplHeader header) {
        MemorySegment bytes = Buffers.allocate(PplHeader.SECTORS);
        header.encode(bytes);
        return bytes;
    }

    @Test
    void a_header_has_the_bytes_and_the_checksum_that_md_gave_it() {
        PplHeader header = new PplHeader(
                PplHeader.Mark.NONE, 0x864f9639L, 469, List.of(new PplEntry(14848, 32, 32, 1, 0x94640b85L)));
        MemorySegment bytes = encoded(header);
        assertThat(bytes.get(U32, 532)).isEqualTo(0x6557029f);
        assertThat(bytes.get(U32, 536)).isEqualTo(14848);
        assertThat(bytes.get(U32, 544)).isEqualTo(16384);
        assertThat(bytes.get(U32, 548)).isEqualTo(16384);
        assertThat(bytes.get(U32, 552)).isEqualTo(1);
        assertThat(PplHeader.decode(bytes)).contains(header);
    }

    @Test
    void an_empty_header_has_the_checksum_that_mdadm_gave_it() {
        MemorySegment bytes = encoded(new PplHeader(PplHeader.Mark.NONE, 0x864f9639L, 0, List.of()));
        assertThat(bytes.get(U32, 532)).isEqualTo(0x15bc38a4);
        assertThat(PplHeader.signatureOf(bytes)).hasValue(0x864f9639L);
    }

    @Test
    void any_byte_that_is_not_right_makes_it_no_header() {
        MemorySegment bytes = encoded(new PplHeader(PplHeader.Mark.NONE, 7, 9, List.of(new PplEntry(8, 8, 16, 2, 0))));
        for (long at = 0; at < bytes.byteSize(); at += 13) {
            byte before = bytes.get(ValueLayout.JAVA_BYTE, at);
            bytes.set(ValueLayout.JAVA_BYTE, at, (byte) (before ^ 0x10));
            assertThat(PplHeader.decode(bytes)).as("byte %d", at).isEmpty();
            bytes.set(ValueLayout.JAVA_BYTE, at, before);
        }
    }
}
