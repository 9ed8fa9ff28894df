package io.restripe.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.restripe.disk.Buffers;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk.Access;
import io.restripe.disk.FileDisk.Caching;
import io.restripe.env.SystemEnv;
import io.restripe.metadata.MemberDisk;
import io.restripe.os.FileStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemberOpenerTest {
    @TempDir
    Path folder;

    private final List<MemberDisk> opened = new ArrayList<>();
    private Path file;

    @BeforeEach
    void makeFile() throws IOException {
        file = Files.write(folder.resolve("a.img"), new byte[Units.bufferBytesOfSectors(64)]);
        assumeTrue(
                Files.getFileAttributeView(file, UserDefinedFileAttributeView.class) != null,
                "no extended attributes in the temporary folder");
    }

    @AfterEach
    void closeAll() {
        opened.forEach(m -> m.disk().close());
    }

    private MemberDisk open(MemberOpener opener, String text) throws ProblemException {
        MemberDisk member = opener.open(text);
        opened.add(member);
        return member;
    }

    private static MemberOpener reader() {
        return new MemberOpener(Access.READ_ONLY);
    }

    private static MemberOpener owner() {
        return new MemberOpener(Access.EXCLUSIVE);
    }

    @Test
    void a_file_is_opened_with_the_serial_it_is_named_with() throws Exception {
        MemberDisk member = open(reader(), file + "@/dev/loop0");
        assertThat(member.serial()).isEqualTo("/dev/loop0");
        assertThat(member.name()).isEqualTo(file.toString());
        assertThat(member.disk().sectors()).isEqualTo(64);
    }

    @Test
    void a_file_remembers_its_serial_and_contradicting_it_is_refused() throws Exception {
        MemberOpener.rememberSerial(file, "RS1");
        assertThat(open(reader(), file.toString()).serial()).isEqualTo("RS1");
        assertThat(open(reader(), file + "@RS1").serial()).isEqualTo("RS1");
        assertThat(refusal(() -> reader().open(file + "@RS2")).why())
                .contains("RS2")
                .contains("RS1");
    }

    @Test
    void a_disk_without_a_serial_is_refused_with_what_to_write_instead() {
        Problem problem = refusal(() -> reader().open(file.toString()));
        assertThat(problem.why()).contains("remembers no serial");
        assertThat(problem.remedy()).contains(file + "@SERIAL");
    }

    @Test
    void a_new_member_gets_a_serial_of_its_own_and_keeps_it() throws Exception {
        MemberDisk member = owner().openNew(file.toString(), new SystemEnv());
        member.disk().close();
        assertThat(member.serial()).matches("RS[0-9A-F]{12}");
        assertThat(open(reader(), file.toString()).serial()).isEqualTo(member.serial());
    }

    @Test
    void a_disk_that_is_only_looked_at_as_a_new_member_remembers_nothing() throws Exception {
        MemberDisk member = reader().openNew(file.toString(), new SystemEnv());
        member.disk().close();
        assertThat(member.serial()).matches("RS[0-9A-F]{12}");
        assertThat(refusal(() -> reader().open(file.toString())).why()).contains("the file remembers no serial");
    }

    @Test
    void a_new_member_that_is_named_with_a_serial_remembers_that_one() throws Exception {
        owner().openNew(file + "@DISK-1", new SystemEnv()).disk().close();
        assertThat(open(reader(), file.toString()).serial()).isEqualTo("DISK-1");
    }

    @Test
    void the_same_disk_by_two_paths_is_refused_and_so_are_two_disks_with_one_serial() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        Path other = Files.write(folder.resolve("b.img"), new byte[Units.bufferBytesOfSectors(64)]);
        for (Access access : Access.values()) {
            MemberOpener opener = new MemberOpener(access);
            assertThat(refusal(() -> opener.openAll(List.of(file + "@A", link + "@B")))
                            .why())
                    .contains("the same disk as " + file);
            assertThat(refusal(() -> new MemberOpener(access).openAll(List.of(file + "@A", other + "@A")))
                            .why())
                    .contains("serial A");
        }
        owner().openAll(List.of(file + "@A", other + "@B")).forEach(opened::add);
    }

    @Test
    void of_a_list_with_a_member_that_cannot_be_opened_none_stays_open() throws Exception {
        refusal(() -> owner().openAll(List.of(file + "@A", folder.resolve("absent") + "@B")));
        open(owner(), file + "@A");
    }

    @Test
    void a_member_in_use_is_refused_and_a_reader_opens_it_really_read_only() throws Exception {
        MemberDisk mine = open(owner(), file + "@A");
        assertThat(refusal(() -> owner().open(file + "@A")).why()).contains("in use");
        assertThat(refusal(() -> reader().open(file + "@A")).why()).contains("in use");
        mine.disk().close();
        MemberDisk read = open(reader(), file + "@A");
        assertThatExceptionOfType(DiskException.class)
                .isThrownBy(() -> read.disk().write(0, Buffers.allocate(8)))
                .withMessageContaining("read-only");
    }

    @Test
    void a_path_with_an_at_sign_is_taken_as_a_path_where_there_is_such_a_file() throws Exception {
        Path odd = Files.move(file, folder.resolve("disk@home.img"));
        assertThat(open(reader(), odd + "@A").name()).isEqualTo(odd.toString());
        MemberOpener.rememberSerial(odd, "RS1");
        assertThat(open(reader(), odd.toString()).serial()).isEqualTo("RS1");
        Files.write(folder.resolve("disk"), new byte[512]);
        assertThat(refusal(() -> reader().open(odd.toString())).why()).contains("either");
        assertThat(refusal(() -> reader().open(folder.resolve("disk") + "@")).why())
                .contains("no serial behind");
        assertThat(refusal(() -> reader().open("@A")).why()).contains("no path");
    }

    @Test
    void what_cannot_be_a_disk_is_refused_with_the_reason_and_a_remedy() throws Exception {
        assertThat(refusal(() -> reader().open(folder + "@A")).why()).contains("neither a regular file");
        assertThat(refusal(() -> reader().open(folder.resolve("absent") + "@A")).why())
                .contains("ENOENT");
        Files.write(file, new byte[1000]);
        Problem odd = refusal(() -> reader().open(file + "@A"));
        assertThat(odd.why()).contains("1000 bytes");
        assertThat(odd.remedy()).contains("truncate");
    }

    @Test
    void a_damaged_serial_is_refused_and_never_used() throws Exception {
        MemberOpener.rememberSerial(file, "a b");
        assertThat(refusal(() -> reader().open(file.toString())).why()).contains("\"a b\"");
        MemberOpener.rememberSerial(file, "12345678901234567");
        assertThat(refusal(() -> reader().open(file.toString())).why()).contains("no serial");
    }

    @Test
    void a_serial_that_cannot_be_remembered_is_a_problem_with_a_remedy() {
        assertThatThrownBy(() -> MemberOpener.rememberSerial(folder.resolve("absent"), "A"))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().remedy()).contains("@SERIAL"));
    }

    @Test
    void a_block_device_has_the_serial_of_its_hardware_unless_it_is_named_with_another() throws Exception {
        Path device = Path.of("/dev/loop0");
        assumeTrue(Files.isReadable(device), "no readable /dev/loop0 here");
        FileStatus.Identity number = FileStatus.of(device).identity();
        Path attributes = Files.createDirectories(folder.resolve("sys/" + number.major() + ":" + number.minor()));
        MemberOpener opener = new MemberOpener(Access.READ_ONLY, Caching.DIRECT, folder.resolve("sys"));
        assertThat(refusal(() -> opener.open("/dev/loop0")).why()).contains("no serial number");
        assertThat(refusal(() -> opener.openNew("/dev/loop0", new SystemEnv())).remedy())
                .contains("/dev/loop0@SERIAL");
        Files.writeString(attributes.resolve("serial"), " HW 1\n");
        assertThat(open(opener, "/dev/loop0").serial()).isEqualTo("HW1");
        MemberOpener other = new MemberOpener(Access.READ_ONLY, Caching.DIRECT, folder.resolve("sys"));
        assertThat(open(other, "/dev/loop0@/dev/loop0").serial()).isEqualTo("/dev/loop0");
        Files.writeString(attributes.resolve("partition"), "1\n");
        assertThat(refusal(() -> opener.open("/dev/loop0@A")).why()).contains("partition");
    }

    private static Problem refusal(ThrowingCallable call) {
        ProblemException[] caught = new ProblemException[1];
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, e -> caught[0] = e);
        return caught[0].problem();
    }
}
