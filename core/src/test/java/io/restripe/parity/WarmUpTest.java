package io.restripe.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.env.SystemEnv;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The self-test finds every operation that computes wrong; the choice follows it, the property and the virtual machine. */
class WarmUpTest {
    enum Fault {
        XOR,
        XOR_INTO,
        PQ,
        WIDE_PQ,
        ADD_DELTA,
        SOLVE_ONE,
        SOLVE_TWO,
        NEVER_ZERO,
        ALWAYS_ZERO
    }

    /** Right but for one operation, whose result it spoils in its first or last bytes. */
    private record Faulty(Fault fault, BackEnd right) implements BackEnd {
        private void spoil(boolean spoil, long at) {
            if (spoil) {
                right.xorInto(at, at, 128);
            }
        }

        @Override
        public String name() {
            return "faulty";
        }

        @Override
        public void xor(long target, long[] sources, int bytes) {
            right.xor(target, sources, bytes);
            spoil(fault == Fault.XOR && sources.length == 10, target + bytes - 128);
        }

        @Override
        public void xorInto(long target, long source, int bytes) {
            right.xorInto(target, source, bytes);
            spoil(fault == Fault.XOR_INTO, target);
        }

        @Override
        public void pq(long p, long q, long[] byPower, int bytes) {
            right.pq(p, q, byPower, bytes);
            spoil(fault == Fault.PQ && byPower.length == 3, q);
            spoil(fault == Fault.WIDE_PQ && byPower.length > 18, p);
        }

        @Override
        public void addDelta(long q, long delta, int power, int bytes) {
            right.addDelta(q, delta, power, bytes);
            spoil(fault == Fault.ADD_DELTA && power > 100, q);
        }

        @Override
        public void solveOne(long data, long q, int factor, int bytes) {
            right.solveOne(data, q, factor, bytes);
            spoil(fault == Fault.SOLVE_ONE, data);
        }

        @Override
        public void solveTwo(long x, long y, long p, long q, int pFactor, int qFactor, int bytes) {
            right.solveTwo(x, y, p, q, pFactor, qFactor, bytes);
            spoil(fault == Fault.SOLVE_TWO, y);
        }

        @Override
        public boolean isZero(long block, int bytes) {
            return switch (fault) {
                case NEVER_ZERO -> false;
                case ALWAYS_ZERO -> true;
                default -> right.isZero(block, bytes);
            };
        }
    }

    static Stream<BackEnd> backEnds() {
        return ParityTest.backEnds();
    }

    @ParameterizedTest
    @MethodSource("backEnds")
    void a_right_back_end_passes(BackEnd backEnd) {
        try (WarmUp warmUp = new WarmUp(backEnd)) {
            assertThat(warmUp.verify()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void a_wrong_operation_is_found(Fault fault) {
        try (WarmUp warmUp = new WarmUp(new Faulty(fault, new ScalarBackEnd()))) {
            assertThat(warmUp.verify()).isPresent();
        }
    }

    @Test
    void a_back_end_that_computes_wrong_is_not_used_and_a_forced_one_is_refused() {
        BackEnd faulty = new Faulty(Fault.XOR, new ScalarBackEnd());
        assertThat(Parity.choose(faulty, false, new SystemEnv()).name()).isEqualTo("scalar");
        assertThatThrownBy(() -> Parity.choose(faulty, true, new SystemEnv()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("computes wrong: xor of 10 sources")
                .hasMessageContaining("-Drestripe.parity=scalar");
    }

    @Test
    void the_property_decides() {
        assertThat(BackEnds.initial(null).name()).isEqualTo("scalar");
        assertThat(BackEnds.initial("scalar").name()).isEqualTo("scalar");
        assertThat(BackEnds.wanted("scalar")).isEmpty();
        assertThat(BackEnds.vector()).as("tests run with the vector module").isPresent();
        assertThat(BackEnds.initial("vector").name()).startsWith("vector");
        assertThat(BackEnds.wanted(null)).isPresent();
        assertThat(BackEnds.wanted("vector")).isPresent();
        assertThatThrownBy(() -> BackEnds.wanted("quick"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("restripe.parity=quick")
                .hasMessageContaining("scalar and vector");
    }

    @Test
    void without_the_vector_module_parity_is_scalar_and_a_forced_vector_is_refused() throws Exception {
        assertThat(run("-Drestripe.parity=")).isEqualTo("scalar");
        assertThat(run("-Drestripe.parity=vector")).contains("--add-modules jdk.incubator.vector");
    }

    @Test
    @Tag("long")
    void with_the_vector_module_the_warm_up_ends_with_a_back_end_that_runs() throws Exception {
        assertThat(run("-Drestripe.parity=vector", "--add-modules", "jdk.incubator.vector"))
                .startsWith("vector");
        assertThat(run("-Drestripe.parity=scalar", "--add-modules", "jdk.incubator.vector"))
                .isEqualTo("scalar");
    }

    /** What {@link WarmedUp} prints in a virtual machine of its own. */
    private static String run(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), WarmedUp.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s printed %s", command, printed).isZero();
        return printed.strip();
    }

    /** Prints the back end after a warm-up, or why there is none. */
    static final class WarmedUp {
        private WarmedUp() {}

        public static void main(String[] arguments) {
            try {
                Parity.warmUp();
                System.out.println(Parity.backEndName());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
