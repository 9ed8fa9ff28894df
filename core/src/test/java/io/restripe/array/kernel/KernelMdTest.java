package io.restripe.array.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over a folder with what Linux shows of itself. */
class KernelMdTest {
    @TempDir
    private Path root;

    private KernelMd md;

    @BeforeEach
    void a_system_with_raid1_loaded_and_raid5_at_hand() throws IOException {
        md = new KernelMd(root);
        put("sys/module/md_mod/parameters/new_array", "");
        put("proc/mdstat", "Personalities : [raid1] \nunused devices: <none>\n");
        put("proc/sys/kernel/modprobe", "/sbin/modprobe\n");
        put("proc/sys/kernel/modules_disabled", "0\n");
        put("proc/sys/kernel/osrelease", "6.1.0-test\n");
        put("lib/modules/6.1.0-test/modules.alias", "alias md-raid6 raid456\nalias md-raid5 raid456\n");
        assertThat(put("sbin/modprobe", "").toFile().setExecutable(true)).isTrue();
        Files.createDirectories(root.resolve("run"));
    }

    private Path put(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    @Test
    void levels_that_are_loaded_and_those_that_the_kernel_loads_by_itself_can_be_run() {
        assertThat(md.unavailable(Set.of())).isEmpty();
        assertThat(md.unavailable(Set.of("raid1"))).isEmpty();
        assertThat(md.unavailable(Set.of("raid1", "raid5"))).isEmpty();
    }

    @Test
    void a_level_that_is_nowhere_is_named() {
        assertThat(md.unavailable(Set.of("raid1", "raid10")).orElse(""))
                .contains("has no raid10")
                .contains("modprobe");
    }

    @Test
    void nothing_is_loaded_where_the_kernel_may_not() throws IOException {
        put("proc/sys/kernel/modules_disabled", "1\n");
        assertThat(md.unavailable(Set.of("raid5")).orElse("")).contains("has no raid5");
        put("proc/sys/kernel/modules_disabled", "0\n");
        put("proc/sys/kernel/modprobe", "\n");
        assertThat(md.unavailable(Set.of("raid5")).orElse("")).contains("has no raid5");
        assertThat(md.unavailable(Set.of("raid1"))).isEmpty();
    }

    @Test
    void without_md_or_its_maker_of_arrays_or_a_place_to_tell_mdadm_there_is_none() throws IOException {
        Files.delete(root.resolve("run"));
        assertThat(md.unavailable(Set.of()).orElse("")).contains("run cannot be written");
        assertThat(md.absent()).isEmpty();
        Files.delete(root.resolve("sys/module/md_mod/parameters/new_array"));
        assertThat(md.unavailable(Set.of()).orElse("")).contains("new_array cannot be written");
        Files.delete(root.resolve("sys/module/md_mod/parameters"));
        assertThat(md.unavailable(Set.of()).orElse("")).contains("the kernel has no md");
        assertThat(md.absent()).isPresent();
    }
}
