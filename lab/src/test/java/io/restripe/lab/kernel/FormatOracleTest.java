package io.restripe.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.assembly.Assembly;
import io.restripe.assembly.OfflineVolume;
import io.restripe.disk.FileDisk;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.unit.Units;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Idle containers of every level: we read what mdadm has written, and mdadm reads what we have written, to the last byte. */
class FormatOracleTest {
    private static final int MEMBER_KIB = 8192;
    private static final int CHUNK_KIB = 64;
    private static final int DISK_MIB = 16;
    private static final MetadataFormat IMSM = new ImsmFormat(new SystemEnv());

    /** A level, with its own disks of one guest. */
    private enum Shape {
        RAID0(0, 2, 16, 0, 0),
        RAID1(2, 2, 8, 1, 0),
        RAID5(4, 3, 16, 5, 0),
        RAID10(7, 4, 16, 10, 0x102),
        /** Becomes one of 4 members, by whoever made it. */
        RAID5_GROWN(11, 3, 16, 5, 0);

        final int firstDisk;
        final int members;
        final long bytes;
        final int mdLevel;
        private final int mdLayout;

        Shape(int firstDisk, int members, int mib, int mdLevel, int mdLayout) {
            this.firstDisk = firstDisk;
            this.members = members;
            this.bytes = (long) mib << 20;
            this.mdLevel = mdLevel;
            this.mdLayout = mdLayout;
        }

        int disks() {
            return this == RAID5_GROWN ? members + 1 : members;
        }

        long sectorsAtTheEnd() {
            long sectors = Units.sectorsOfBytesExact(bytes);
            return this == RAID5_GROWN ? sectors / 2 * 3 : sectors;
        }

        Geometry geometry() {
            return Geometry.ofMd(mdLevel, mdLayout, members, CHUNK_KIB * Units.SECTORS_PER_KIB);
        }
    }

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path folder;

    @BeforeEach
    void needsUserModeLinux() {
        Kernels.assumeAvailable();
    }

    @Test
    void we_read_what_mdadm_has_written_and_mdadm_reads_what_we_write_over_it() throws Exception {
        Map<Shape, Images> images = newImages();
        Map<Shape, Examined> told = new EnumMap<>(Shape.class);
        Map<Shape, Contents> contents = new EnumMap<>(Shape.class);
        try (KernelOracle guest = KernelOracle.boot(folder.resolve("guest"), disks(images))) {
            for (Shape shape : Shape.values()) {
                contents.put(shape, Contents.blocks(folder.resolve("contents-" + shape), shape.bytes));
                KernelOracle container = images.get(shape).in(guest, "c" + shape.ordinal());
                KernelOracle.Made made = new KernelOracle.Made(
                        shape.mdLevel, shape.members, CHUNK_KIB, MEMBER_KIB, "vol-" + shape.ordinal());
                assertThat(container.create(made, contents.get(shape).file()).sha256())
                        .isEqualTo(contents.get(shape).sha256());
                if (shape == Shape.RAID5_GROWN) {
                    container.reshape("$CONTAINER --raid-devices=4");
                }
                container.stop();
                told.put(shape, Examined.parse(guest.examine(shape.firstDisk)));
            }
            guest.guest().powerOff();
        }
        Map<Shape, Contents> over = new EnumMap<>(Shape.class);
        for (Shape shape : Shape.values()) {
            assertRead(images.get(shape), shape, contents.get(shape), told.get(shape));
            Overwriting writing = Overwriting.of(folder.resolve("over-" + shape), contents.get(shape));
            over.put(shape, writing.after());
            OurSide.run(images.get(shape), (container, env) -> {
                Volume volume = container.container().volumes().getFirst();
                writing.onto(container.volume(volume.name()));
            });
        }
        assertMdadmReads(images, over);
    }

    @Test
    void mdadm_reads_what_our_running_arrays_have_written() throws Exception {
        Map<Shape, Images> images = newImages();
        Map<Shape, Contents> contents = new EnumMap<>(Shape.class);
        for (Shape shape : Shape.values()) {
            Contents written = Contents.blocks(folder.resolve("contents-" + shape), shape.bytes);
            contents.put(shape, written);
            createOurs(shape, images.get(shape));
            OurSide.run(images.get(shape), (container, env) -> {
                OurSide.fill(container.volume("ours"), written);
                if (shape == Shape.RAID5_GROWN) {
                    container.grow(Change.GROW_RAID5_3_TO_4.ours());
                }
            });
        }
        assertMdadmReads(images, contents);
    }

    private static void assertRead(Images images, Shape shape, Contents contents, Examined told) throws Exception {
        List<MemberDisk> members = images.open(FileDisk.Access.READ_ONLY);
        try {
            Assembly assembly = Assembly.look(IMSM, members);
            assertThat(Examined.of(assembly.container())).isEqualTo(told);
            Volume volume = assembly.container().volumes().getFirst();
            assertThat(volume.arraySectors()).isEqualTo(shape.sectorsAtTheEnd());
            assertThat(Images.sha256(new OfflineVolume(volume, assembly.container(), assembly.disks()), shape.bytes))
                    .as("%s", shape)
                    .isEqualTo(contents.sha256());
        } finally {
            Images.close(members);
        }
    }

    private void assertMdadmReads(Map<Shape, Images> images, Map<Shape, Contents> contents) throws Exception {
        Map<Shape, Examined> ours = new EnumMap<>(Shape.class);
        for (Shape shape : Shape.values()) {
            ours.put(shape, examined(images.get(shape)));
        }
        try (KernelOracle guest = KernelOracle.boot(folder.resolve("guest-again"), disks(images))) {
            for (Shape shape : Shape.values()) {
                String text = guest.examine(shape.firstDisk);
                assertThat(Examined.parse(text)).isEqualTo(ours.get(shape));
                assertThat(text).contains("correct").contains("[" + "U".repeat(shape.disks()) + "]");
                KernelOracle container = images.get(shape).in(guest, "c" + shape.ordinal());
                assertThat(container.assembleAndFinish().kib() * Units.SECTORS_PER_KIB)
                        .isEqualTo(shape.sectorsAtTheEnd());
                assertThat(container.look(shape.bytes).sha256())
                        .as("%s", shape)
                        .isEqualTo(contents.get(shape).sha256());
                if (shape.geometry().redundancy() > 0) {
                    assertThat(container.mismatches()).as("%s", shape).isZero();
                }
                container.stop();
            }
        }
    }

    private Map<Shape, Images> newImages() throws Exception {
        Map<Shape, Images> images = new EnumMap<>(Shape.class);
        for (Shape shape : Shape.values()) {
            images.put(shape, Images.blank(folder.resolve(shape.name()), shape.firstDisk, shape.disks(), DISK_MIB));
        }
        return images;
    }

    private static Map<Integer, Path> disks(Map<Shape, Images> images) {
        Map<Integer, Path> disks = new TreeMap<>();
        images.values().forEach(i -> disks.putAll(i.disks()));
        return disks;
    }

    private static Examined examined(Images images) throws Exception {
        List<MemberDisk> members = images.open(FileDisk.Access.READ_ONLY);
        try {
            return Examined.of(Assembly.look(IMSM, members).container());
        } finally {
            Images.close(members);
        }
    }

    private static void createOurs(Shape shape, Images images) throws Exception {
        List<MemberDisk> members = images.open(FileDisk.Access.EXCLUSIVE);
        try {
            List<String> serials = members.stream()
                    .map(MemberDisk::serial)
                    .limit(shape.members)
                    .toList();
            VolumeSpec spec = new VolumeSpec("ours", shape.geometry(), MEMBER_KIB, serials, true);
            RunningContainer.create(IMSM, members, spec);
        } finally {
            Images.close(members);
        }
    }
}
