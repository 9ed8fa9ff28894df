package io.restripe.reshape;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.geometry.Geometry;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** How far ahead writes are held, with a clock and a writer of the test's own. */
class HeldWindowTest {
    private static final long MILLI = 1_000_000L;
    private static final int CHUNK = 128;
    private static final long DEPTH = 2048;
    private static final ReshapeShape SHAPE = new ReshapeShape(
            Geometry.ofMd(5, 0, 3, CHUNK), Geometry.ofMd(5, 0, 4, CHUNK), DEPTH * 3, DEPTH, DEPTH * 4000);
    private static final long UNIT = SHAPE.unitSectors();
    /** Far behind the critical units: the bound is as good as none. */
    private static final long FAR = SHAPE.positionOfUnit(2000);

    private long now;
    private OptionalLong writes = OptionalLong.of(0);
    private final HeldWindow window = new HeldWindow(() -> now, SHAPE, () -> 50 * MILLI, () -> writes);

    private void moves(long units, long millis) {
        now += millis * MILLI;
        window.moved(units * UNIT);
    }

    private long unitsHeld() {
        return (window.endFrom(FAR, FAR) - FAR) / UNIT;
    }

    @Test
    void it_grows_to_what_is_done_in_five_times_the_longest_hold_while_nobody_writes() {
        for (int i = 0; i < 10; i++) {
            moves(10, 100);
        }
        assertThat(unitsHeld()).isEqualTo(25);
    }

    @Test
    void it_shrinks_at_once_when_somebody_writes_and_grows_again_a_second_after_the_last_write() {
        for (int i = 0; i < 10; i++) {
            moves(10, 100);
        }
        writes = OptionalLong.of(1);
        moves(10, 100);
        assertThat(unitsHeld()).isEqualTo(5);
        moves(5, 500);
        assertThat(unitsHeld()).isEqualTo(1); // a unit takes longer than anybody may wait, and less there is not
        moves(50, 600);
        moves(50, 500);
        assertThat(unitsHeld()).isEqualTo(4);
    }

    @Test
    void where_writes_are_not_counted_somebody_writes() {
        writes = OptionalLong.empty();
        for (int i = 0; i < 10; i++) {
            moves(10, 100);
        }
        assertThat(unitsHeld()).isEqualTo(5);
    }

    @Test
    void more_is_asked_for_only_when_it_is_worth_a_move_of_the_bound_or_the_array_would_stand() {
        for (int i = 0; i < 10; i++) {
            moves(10, 100);
        }
        long full = window.endFrom(FAR, FAR);
        assertThat(window.endFrom(FAR, full - UNIT)).isEqualTo(full - UNIT);
        assertThat(window.endFrom(FAR, full - 6 * UNIT)).isEqualTo(full);
    }

    @Test
    void it_never_goes_past_what_the_checkpoint_makes_safe() {
        for (int i = 0; i < 10; i++) {
            moves(100, 100);
        }
        long third = SHAPE.positionOfUnit(3);
        assertThat(window.endFrom(third, third)).isEqualTo(SHAPE.stepEndWithoutBackup(third));
    }

    @Test
    void how_long_the_array_stood_for_a_saved_unit_says_nothing_of_its_speed() {
        now += 5_000 * MILLI;
        window.standsSince();
        moves(10, 100);
        assertThat(unitsHeld()).isEqualTo(4);
    }
}
