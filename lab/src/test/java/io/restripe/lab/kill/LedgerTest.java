package io.restripe.lab.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the rounds would not notice if this were wrong. */
class LedgerTest {
    @TempDir
    Path folder;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment older = arena.allocate(2L * Ledger.BLOCK_BYTES);
    private final MemorySegment newer = arena.allocate(2L * Ledger.BLOCK_BYTES);
    private Ledger ledger;

    @BeforeEach
    void two_blocks_are_written_twice() throws Exception {
        ledger = new Ledger(folder.resolve("ledger"), 7, 8);
        ledger.next(3, 2, older);
        ledger.acknowledge(3, 2);
        ledger.next(3, 2, newer);
    }

    @AfterEach
    void close() {
        ledger.close();
        arena.close();
    }

    @Test
    void what_is_sent_may_be_there_or_not_until_it_is_acknowledged() {
        assertThat(ledger.check(3, 2, older)).isNull();
        assertThat(ledger.check(3, 2, newer)).isNull();
    }

    @Test
    void what_was_acknowledged_must_be_there() {
        ledger.acknowledge(3, 2);
        assertThat(ledger.check(3, 2, older)).contains("block 3 sector 0 has version 1, expected 2 to 2");
    }

    @Test
    void what_was_read_once_must_stay() {
        assertThat(ledger.check(3, 2, newer)).isNull();
        assertThat(ledger.check(3, 2, older)).contains("version 1");
    }

    @Test
    void bytes_of_another_place_or_a_torn_sector_are_noticed() {
        assertThat(ledger.check(4, 1, newer)).contains("block 4 sector 0 is not what its version 2 was");
        newer.set(ValueLayout.JAVA_BYTE, 2L * Ledger.BLOCK_BYTES - 1, (byte) 99);
        assertThat(ledger.check(3, 2, newer)).contains("block 4 sector 7 is not what its version 2 was");
    }

    @Test
    void it_outlives_the_process_that_keeps_it() throws Exception {
        ledger.acknowledge(3, 2);
        try (Ledger again = new Ledger(folder.resolve("ledger"), 7, 8)) {
            assertThat(again.check(3, 2, newer)).isNull();
            assertThat(again.check(3, 2, older)).contains("version 1");
        }
    }
}
