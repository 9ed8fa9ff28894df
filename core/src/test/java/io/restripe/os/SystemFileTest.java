package io.restripe.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.os.SystemFile.Option;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemFileTest {
    private static final Set<Option> NEW = EnumSet.of(Option.WRITE, Option.CREATE_NEW);

    @TempDir
    Path folder;

    @Test
    void a_failed_call_says_which_function_with_what_arguments_and_why() {
        Path absent = folder.resolve("absent");
        assertThatThrownBy(() -> SystemFile.open(absent, Set.of(Option.WRITE)))
                .isInstanceOfSatisfying(
                        SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessage("no such file or directory (ENOENT): open(\"" + absent + "\", [WRITE])");
    }

    @Test
    void an_error_number_without_a_name_is_told_as_a_number() {
        assertThat(new SystemCallException("f()", 4711)).hasMessage("unknown error (errno 4711): f()");
        assertThat(Errno.of(28)).isEqualTo(Errno.ENOSPC);
        assertThat(Errno.of(0)).isEqualTo(Errno.OTHER);
    }

    @Test
    void bytes_written_at_a_position_are_read_there_and_nowhere_else() throws Exception {
        try (Arena arena = Arena.ofConfined();
                SystemFile file = SystemFile.open(folder.resolve("f"), NEW)) {
            MemorySegment buffer = arena.allocateFrom("hello");
            assertThat(file.write(5_000_000_000L, buffer)).isEqualTo(6);
            file.syncData();
            file.syncAll();
            assertThat(file.status().sizeBytes()).isEqualTo(5_000_000_006L);
            MemorySegment read = arena.allocate(10);
            assertThat(file.read(5_000_000_000L, read)).as("short at the end").isEqualTo(6);
            assertThat(read.getString(0)).isEqualTo("hello");
            assertThat(file.read(4_000_000_000L, read)).isEqualTo(10);
            assertThat(read.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThat(file.read(5_000_000_006L, read)).as("at the end").isZero();
        }
    }

    @Test
    void space_can_be_taken_and_given_back_without_changing_the_length() throws Exception {
        Path path = folder.resolve("f");
        try (Arena arena = Arena.ofConfined();
                SystemFile file = SystemFile.open(path, NEW)) {
            file.truncate(1 << 20);
            file.write(0, arena.allocate(1 << 16).fill((byte) 1));
            try {
                file.allocate(0, 1 << 20);
                file.punch(0, 1 << 16);
            } catch (SystemCallException e) {
                assumeTrue(e.errno() != Errno.EOPNOTSUPP, "this file system has no fallocate");
                throw e;
            }
            MemorySegment read = arena.allocate(1 << 16);
            file.read(0, read);
            assertThat(read.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThat(Files.size(path)).isEqualTo(1 << 20);
        }
    }

    @Test
    void a_file_opened_without_write_is_not_written_even_by_the_system() throws Exception {
        Path path = Files.write(folder.resolve("f"), new byte[4096]);
        try (Arena arena = Arena.ofConfined();
                SystemFile file = SystemFile.open(path, Set.of())) {
            assertThatThrownBy(() -> file.write(0, arena.allocate(4096))).hasMessageContaining("EBADF");
        }
    }

    @Test
    void two_paths_to_one_file_have_one_identity() throws Exception {
        Path path = Files.write(folder.resolve("f"), new byte[1]);
        Path link = Files.createSymbolicLink(folder.resolve("link"), path);
        Path name = Files.createLink(folder.resolve("name"), path);
        Path other = Files.write(folder.resolve("other"), new byte[1]);
        assertThat(FileStatus.of(link)).isEqualTo(FileStatus.of(path));
        assertThat(FileStatus.of(name).identity()).isEqualTo(FileStatus.of(path).identity());
        assertThat(FileStatus.of(other).identity())
                .isNotEqualTo(FileStatus.of(path).identity());
        assertThat(FileStatus.of(path).kind()).isEqualTo(FileStatus.Kind.REGULAR);
        assertThat(FileStatus.of(folder).kind()).isEqualTo(FileStatus.Kind.OTHER);
    }

    @Test
    void another_process_that_holds_the_lock_keeps_this_one_out() throws Exception {
        Path path = folder.resolve("f");
        Process child = lockingChild(path);
        try {
            assertThat(child.getInputStream().read())
                    .as("the child says that it has the lock")
                    .isEqualTo('L');
            try (SystemFile mine = SystemFile.open(path, Set.of(Option.WRITE))) {
                assertThat(mine.tryLock(true)).isFalse();
                assertThat(mine.tryLock(false)).isFalse();
                child.destroyForcibly().waitFor();
                assertThat(mine.tryLock(true))
                        .as("the lock dies with its process")
                        .isTrue();
            }
        } finally {
            child.destroyForcibly();
        }
    }

    private static Process lockingChild(Path path) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        path.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Another process: makes the file, locks it, says so, and stays until it is ended or its standard input is. */
    static final class LockHolder {
        private LockHolder() {}

        public static void main(String[] arguments) throws IOException {
            try (SystemFile file = SystemFile.open(Path.of(arguments[0]), NEW)) {
                if (file.tryLock(true)) {
                    System.out.write('L');
                    System.out.flush();
                }
                int _ = System.in.read();
            }
        }
    }
}
