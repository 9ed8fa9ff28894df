package io.restripe.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.assembly.MemberOpener;
import io.restripe.disk.Buffers;
import io.restripe.disk.Disk;
import io.restripe.disk.FileDisk;
import io.restripe.disk.LargeSectorDisk;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.unit.Units;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Images of disks with sectors of 4096 bytes: what is on a file tells which sectors it was written for. */
class LargeSectorFilesTest extends ArrayFiles {
    private static final int SECTOR_BYTES = 4096;

    private static MemberDisk member(FileDisk file, String serial) {
        return new MemberDisk(file.name(), serial, new LargeSectorDisk(file, SECTOR_BYTES));
    }

    /** A RAID5 on images a, b and c, filled; returns its contents. */
    private byte[] images() throws Exception {
        List<MemberDisk> members = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            newFile(name);
            MemberOpener.rememberSerial(folder.resolve(name + ".img"), "S" + name);
            members.add(member(FileDisk.open(folder.resolve(name + ".img"), FileDisk.Access.EXCLUSIVE), "S" + name));
        }
        SystemEnv env = new SystemEnv();
        ImsmFormat format = new ImsmFormat(env);
        List<String> serials = members.stream().map(MemberDisk::serial).toList();
        RunningContainer.create(
                format, members, new VolumeSpec("v0", Geometry.ofMd(5, 0, 3, 128), 4096, serials, true));
        RunningContainer running =
                RunningContainer.start(env, "c0", format, members, RunningContainer.Options.normal());
        Disk volume = running.volume("v0");
        byte[] contents = bytes(Units.bufferBytesOfSectors(volume.sectors()), 7);
        MemorySegment buffer = Buffers.allocate(volume.sectors());
        MemorySegment.copy(contents, 0, buffer, ValueLayout.JAVA_BYTE, 0, contents.length);
        volume.write(0, buffer);
        volume.flush();
        running.stop();
        members.forEach(m -> m.disk().close());
        return contents;
    }

    @Test
    void are_examined_read_checked_and_assembled() throws Exception {
        byte[] contents = images();
        assertThat(good("examine @a").out).contains("v0");
        assertSame(good("cat @a @b @c").data, contents);
        good("check @a @b @c");
        good("assemble c0 @a @b @c");
        assertThat(status().volumes()).hasSize(1);
        good("stop c0");
        assertSame(good("cat @a @b @c").data, contents);
    }

    @Test
    void are_not_taken_for_empty_disks() throws Exception {
        images();
        newFile("d");
        refused("create c1/v0 --level=0 -n2 --no-start @a @d", "it carries imsm metadata", "--force");
        good("create c1/v0 --level=0 -n2 --no-start --force @a @d");
        assertThat(good("cat @a @d").data).isNotEmpty();
    }
}
