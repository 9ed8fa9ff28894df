package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdAddressTest {
    @Test
    void both_forms_are_read() {
        assertThat(NbdAddress.parse("nbd://host/a%20b")).isEqualTo(new NbdAddress("host", 10_809, null, "a b"));
        assertThat(NbdAddress.parse("nbd://127.0.0.1:99")).isEqualTo(new NbdAddress("127.0.0.1", 99, null, ""));
        assertThat(NbdAddress.parse("nbd+unix:///x?socket=/a/b%20c")).isEqualTo(new NbdAddress(null, 0, "/a/b c", "x"));
        assertThat(NbdAddress.parse("nbd+unix:///?socket=/a+b")).isEqualTo(new NbdAddress(null, 0, "/a+b", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nbd://host:99/a%20b", "nbd://host:10809/", "nbd+unix:///x?socket=/a/b"})
    void what_is_written_is_read_again(String text) {
        assertThat(NbdAddress.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "host",
                "http://host/x",
                "nbds://host/x",
                "nbd:///x",
                "nbd://host:70000/x",
                "nbd://host/x?socket=/a",
                "nbd://user@host/x",
                "nbd+unix:///x",
                "nbd+unix:///x?socket=",
                "nbd+unix:///x?other=1",
                "nbd+unix://host/x?socket=/a",
                "nbd+unix:///x?socket=/a&socket=/b",
                "nbd://ho st/"
            })
    void anything_else_is_refused(String text) {
        assertThatThrownBy(() -> NbdAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
