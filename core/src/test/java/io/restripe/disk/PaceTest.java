package io.restripe.disk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long FAST = 5_000;
    private static final long SLOW = 200_000;

    private final Pace pace = new Pace();

    private void requests(int count, long nanos) {
        for (int i = 0; i < count; i++) {
            pace.took(nanos, 4096);
        }
    }

    @Test
    void a_disk_has_to_show_that_it_is_fast() {
        assertThat(pace.isFast()).isFalse();
        requests(20, FAST);
        assertThat(pace.isFast()).isFalse();
        requests(20, FAST);
        assertThat(pace.isFast()).isTrue();
        assertThat(pace.isFast(4096)).isTrue();
        assertThat(pace.isFast(1 << 20)).isFalse();
    }

    @Test
    void one_slow_request_among_fast_ones_changes_nothing_and_a_few_in_a_row_do() {
        for (int i = 0; i < 10; i++) {
            requests(100, FAST);
            requests(1, SLOW);
            assertThat(pace.isFast()).isTrue();
        }
        requests(3, SLOW);
        assertThat(pace.isFast()).isFalse();
    }

    @Test
    void a_disk_that_is_slow_half_of_the_time_is_slow() {
        for (int i = 0; i < 200; i++) {
            requests(1, FAST);
            requests(1, SLOW);
        }
        assertThat(pace.isFast()).isFalse();
    }

    @Test
    void what_is_fast_depends_on_the_length() {
        for (int i = 0; i < 100; i++) {
            pace.took(150_000, 1 << 20);
        }
        assertThat(pace.isFast()).isTrue();
        for (int i = 0; i < 4; i++) {
            pace.took(150_000, 4096);
        }
        assertThat(pace.isFast()).isFalse();
    }
}
