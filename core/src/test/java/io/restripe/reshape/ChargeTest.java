package io.restripe.reshape;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A request counts once, and never after a later one. */
class ChargeTest {
    private static final long FIRST = 11;
    private static final long SECOND = 22;

    private final Charge charge = new Charge();

    private boolean takes(long manager, long number, Request request) {
        return charge.refuse(new Request.FromManager(manager, number, request)) == null;
    }

    private static Request more() {
        return new Request.SetSyncMax(0, 2048, true);
    }

    @Test
    void requests_in_order_are_taken_also_with_some_lost() {
        assertThat(takes(FIRST, 1, new Request.TakeCharge())).isTrue();
        assertThat(takes(FIRST, 2, more())).isTrue();
        assertThat(takes(FIRST, 5, more())).isTrue();
    }

    @Test
    void one_that_comes_twice_or_late_is_not_taken() {
        assertThat(takes(FIRST, 1, new Request.TakeCharge())).isTrue();
        assertThat(takes(FIRST, 3, more())).isTrue();
        assertThat(takes(FIRST, 3, more())).isFalse();
        assertThat(takes(FIRST, 2, more())).isFalse();
        assertThat(takes(FIRST, 1, new Request.TakeCharge())).isFalse();
    }

    @Test
    void after_another_has_taken_charge_the_one_before_has_no_say() {
        assertThat(takes(FIRST, 1, new Request.TakeCharge())).isTrue();
        assertThat(takes(SECOND, 1, new Request.TakeCharge())).isTrue();
        assertThat(takes(FIRST, 2, more())).isFalse();
        assertThat(takes(SECOND, 2, more())).isTrue();
    }

    @Test
    void a_monitor_that_has_just_begun_follows_the_manager_that_is_there() {
        assertThat(takes(FIRST, 17, more())).isTrue();
        assertThat(takes(SECOND, 1, more())).isFalse();
        assertThat(takes(SECOND, 2, new Request.TakeCharge())).isTrue();
        assertThat(takes(FIRST, 18, more())).isFalse();
    }
}
