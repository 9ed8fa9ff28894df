package io.restripe.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The generated kernels in the tree are what the generator writes, but for the formatter's white space. */
class KernelSourceTest {
    private static final Path FOLDER = Path.of("src/main/java/io/restripe/parity");

    @Test
    void xor_kernels_are_the_generators_output() throws IOException {
        check("XorKernels.java", KernelSource.xorKernels());
    }

    @Test
    void pq_kernels_are_the_generators_output() throws IOException {
        check("PqKernels.java", KernelSource.pqKernels());
        check("WidePqKernels.java", KernelSource.widePqKernels());
    }

    private static void check(String file, String wanted) throws IOException {
        String found = Files.readString(FOLDER.resolve(file));
        assertThat(withoutLayout(found)).as("%s; wanted:%n%s", file, wanted).isEqualTo(withoutLayout(wanted));
    }

    /** White space and the stars of comments go: the formatter breaks lines as it likes. */
    private static String withoutLayout(String source) {
        return source.replaceAll("[\\s*]", "");
    }
}
