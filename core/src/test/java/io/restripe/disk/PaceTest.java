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

    private void elsewhere(int count, long nanos) {
        for (int i = 0; i < count; i++) {
            pace.tookElsewhere(nanos, 4096);
        }
    }

    /** Of so many requests, those that are carried out where they are. */
    private int tried(int count, long nanos) {
        int tried = 0;
        for (int i = 0; i < count; i++) {
            if (pace.isFast(4096)) {
                tried++;
                pace.took(nanos, 4096);
            } else {
                pace.tookElsewhere(nanos, 4096);
            }
        }
        return tried;
    }

    @Test
    void a_disk_has_to_show_that_it_is_fast() {
        assertThat(pace.isFast()).isFalse();
        elsewhere(20, FAST);
        assertThat(pace.isFast()).isFalse();
        elsewhere(20, FAST);
        assertThat(pace.isFast()).isTrue();
        assertThat(pace.isFast(4096)).isTrue();
        assertThat(pace.isFast(1 << 20)).isFalse();
    }

    @Test
    void one_slow_request_among_fast_ones_changes_nothing_and_a_few_in_a_row_do() {
        requests(100, FAST);
        for (int i = 0; i < 100; i++) {
            requests(19, FAST);
            requests(1, SLOW);
            assertThat(pace.isFast()).isTrue();
        }
        requests(6, SLOW);
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
    void threads_that_wait_for_each_other_do_not_make_a_disk_slow_for_ever() {
        elsewhere(10_000, SLOW);
        int trials = 0;
        for (int i = 0; i < 1000 && !pace.isFast(); i++) {
            if (pace.isFast(4096)) {
                trials++;
                pace.took(FAST, 4096);
            } else {
                pace.tookElsewhere(SLOW, 4096);
            }
        }
        assertThat(pace.isFast()).as("found fast by " + trials + " trials").isTrue();
    }

    @Test
    void a_slow_disk_is_tried_ever_more_seldom() {
        assertThat(tried(1000, SLOW)).isBetween(3, 6);
        assertThat(tried(100_000, SLOW)).isBetween(20, 35);
    }

    @Test
    void what_is_fast_depends_on_the_length() {
        for (int i = 0; i < 100; i++) {
            pace.took(150_000, 1 << 20);
        }
        assertThat(pace.isFast()).isTrue();
        for (int i = 0; i < 8; i++) {
            pace.took(150_000, 4096);
        }
        assertThat(pace.isFast()).isFalse();
    }
}
