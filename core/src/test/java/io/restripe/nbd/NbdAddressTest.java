package io.restripe.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    @ValueSource(
            strings = {
                "nbd://host:99/a%20b",
                "nbd://host:10809/",
                "nbd://[::1]:10809/",
                "nbd+unix:///x?socket=/a/b",
                "nbd+unix:///a%40b?socket=/a%40%26b",
                "nbds://host:10809/x?tls-certificates=/a%20b&tls-hostname=other",
                "nbds+unix:///x?socket=/a/b&tls-certificates=/c"
            })
    void what_is_written_is_read_again(String text) {
        assertThat(NbdAddress.parse(text)).hasToString(text);
    }

    @Test
    void an_address_is_written_in_one_way_only() {
        assertThat(NbdAddress.parse("NBD://Host/x")).hasToString("nbd://host:10809/x");
        assertThat(NbdAddress.parse("nbd+unix:///a@b?socket=/c@d")).hasToString("nbd+unix:///a%40b?socket=/c%40d");
        assertThat(NbdAddress.parse("nbds://host/x").tls()).isEqualTo(NbdAddress.Tls.USUAL);
    }

    @Test
    void two_addresses_of_one_export_are_known_as_that(@TempDir Path folder) throws Exception {
        assertThat(NbdAddress.parse("nbd://localhost/x").place())
                .isEqualTo(NbdAddress.parse("nbd://127.0.0.1:10809/x").place())
                .isNotEqualTo(NbdAddress.parse("nbd://127.0.0.1/y").place())
                .isNotEqualTo(NbdAddress.parse("nbd://127.0.0.1:99/x").place());
        Path socket = Files.createFile(folder.resolve("a"));
        Path link = Files.createSymbolicLink(folder.resolve("b"), socket);
        assertThat(new NbdAddress(null, 0, link.toString(), "x").place())
                .isEqualTo(new NbdAddress(null, 0, socket.toString(), "x").place());
    }

    @Test
    void what_is_meant_as_an_address_is_told_by_its_begin() {
        assertThat(NbdAddress.looksLike("nbd://")).isTrue();
        assertThat(NbdAddress.looksLike("nbds+unix:///x?socket=y")).isTrue();
        assertThat(NbdAddress.looksLike("nbd/x")).isFalse();
        assertThat(NbdAddress.parse("nbd+unix:///?socket=a").withAbsolutePaths().socket())
                .isEqualTo(Path.of("a").toAbsolutePath().toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "host",
                "http://host/x",
                "nbd://host/x?tls-certificates=/a",
                "nbds://host/x?other=1",
                "nbds://host/x?tls-hostname=a&tls-hostname=b",
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
