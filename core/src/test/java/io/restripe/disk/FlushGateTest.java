package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FlushGateTest {
    private final FlushGate gate = new FlushGate();

    @Test
    void after_one_failed_flush_none_ever_succeeds_again_even_if_the_system_would_say_so() {
        assertThatThrownBy(() -> gate.flush(() -> {
                    throw new IOException("input/output error (EIO)");
                }))
                .hasMessage("input/output error (EIO)");
        AtomicInteger calls = new AtomicInteger();
        assertThatThrownBy(() -> gate.flush(calls::incrementAndGet))
                .hasMessageContaining("an earlier flush failed")
                .hasMessageContaining("EIO");
        assertThat(calls).as("the system is not even asked").hasValue(0);
        assertThat(gate.failure()).contains("EIO");
    }

    @Test
    void flushes_that_wait_are_served_by_one_sync_that_began_after_they_came() throws Exception {
        AtomicInteger syncs = new AtomicInteger();
        CountDownLatch firstIsIn = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        try (var pool = Executors.newFixedThreadPool(5)) {
            Future<Void> first = pool.submit(() -> {
                gate.flush(() -> {
                    syncs.incrementAndGet();
                    firstIsIn.countDown();
                    await(letGo);
                });
                return null;
            });
            firstIsIn.await();
            List<Future<Void>> waiting = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiting.add(pool.submit(() -> {
                    gate.flush(syncs::incrementAndGet);
                    return null;
                }));
            }
            while (gate.waiting() < 4) {
                Thread.onSpinWait();
            }
            letGo.countDown();
            first.get();
            for (Future<Void> f : waiting) {
                f.get();
            }
        }
        assertThat(syncs)
                .as("the first, and one for all four that came while it ran")
                .hasValue(2);
        gate.flush(syncs::incrementAndGet);
        assertThat(syncs).as("a flush that comes later is a sync of its own").hasValue(3);
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
