package io.restripe.nbd;

import static io.restripe.nbd.Patience.Verdict.CONNECT_AGAIN;
import static io.restripe.nbd.Patience.Verdict.GIVE_UP;
import static io.restripe.nbd.Patience.Verdict.WAIT;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PatienceTest {
    private final Patience patience = new Patience(100);

    @Test
    void a_silent_server_is_connected_to_anew_once_and_then_given_up() {
        assertThat(patience.look(1000, 5, 1000, 1)).isEqualTo(WAIT);
        assertThat(patience.look(1050, 5, 1000, 1)).isEqualTo(WAIT);
        assertThat(patience.look(1051, 5, 1000, 1)).isEqualTo(CONNECT_AGAIN);
        assertThat(patience.look(1060, 5, 1000, 1)).isEqualTo(WAIT);
        assertThat(patience.look(1070, 5, 1000, 0)).isEqualTo(WAIT);
        assertThat(patience.look(1100, 5, 1000, 0)).isEqualTo(WAIT);
        assertThat(patience.look(1101, 5, 1000, 0)).isEqualTo(GIVE_UP);
    }

    @Test
    void any_answer_counts_and_so_does_having_had_nothing_to_answer() {
        patience.look(1000, 5, 1000, 1);
        assertThat(patience.look(1090, 6, 1000, 1)).isEqualTo(WAIT);
        assertThat(patience.look(1180, 7, 1000, 1)).isEqualTo(WAIT);
        assertThat(patience.look(9000, 7, 8990, 1)).isEqualTo(WAIT);
    }

    @Test
    void one_request_that_is_never_answered_is_too_much_although_others_are() {
        for (int i = 0; i <= 40; i++) {
            assertThat(patience.look(1000 + 10L * i, i, 1000, 1)).isEqualTo(WAIT);
        }
        assertThat(patience.look(1404, 41, 1000, 1)).isEqualTo(GIVE_UP);
    }
}
