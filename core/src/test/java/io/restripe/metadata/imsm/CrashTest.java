package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.disk.DiskException;
import io.restripe.geometry.Geometry;
import io.restripe.geometry.Level;
import io.restripe.geometry.Rotation;
import io.restripe.metadata.Claim;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Selection;
import io.restripe.metadata.Slot;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Power fails before every single write of a commit: what is found afterwards is the state before or after, with all its members. */
class CrashTest {
    private static final Level RAID5 = new Level.Parity(5, Rotation.LEFT_ASYMMETRIC);
    private static final long SECTORS = 131072;

    private final ImsmFormat format = Fixture.format();
    private final Map<String, MemberDisk> disks = new LinkedHashMap<>();
    private final Map<String, byte[]> saved = new LinkedHashMap<>();

    private ContainerMetadata start(int members, int spares, Level level) throws DiskException {
        List<String> serials = new ArrayList<>();
        for (int i = 0; i < members + spares; i++) {
            disks.put("S" + i, new MemberDisk("d" + i, "S" + i, new TailDisk("d" + i, SECTORS, 512)));
            if (i < members) {
                serials.add("S" + i);
            }
        }
        VolumeSpec spec = new VolumeSpec("v0", new Geometry(level, members, 128), 20480, serials, true);
        ContainerMetadata created = format.create(List.copyOf(disks.values())).withVolume(spec);
        return format.commit(created, disks).metadata();
    }

    private TailDisk tail(MemberDisk disk) {
        return (TailDisk) disk.disk();
    }

    private void save() {
        disks.forEach((serial, disk) -> saved.put(serial, tail(disk).tail().clone()));
    }

    private void restore() {
        disks.forEach((serial, disk) -> {
            byte[] bytes = saved.get(serial);
            System.arraycopy(bytes, 0, tail(disk).tail(), 0, bytes.length);
            tail(disk).failAfterWrites(Integer.MAX_VALUE);
        });
    }

    private Selection read() throws IOException {
        List<Claim> claims = new ArrayList<>();
        for (MemberDisk disk : disks.values()) {
            format.taste(disk).ifPresent(claims::add);
        }
        return format.choose(claims);
    }

    /** Commits with the power failing before write 0, 1, 2 and so on of all disks together, until the commit goes through. */
    private int crashEverywhere(ContainerMetadata before, UnaryOperator<ContainerMetadata> change) throws IOException {
        ContainerMetadata after = change.apply(before);
        save();
        int cuts = 0;
        for (int cut = 0; ; cut++) {
            restore();
            Fuse fuse = new Fuse(cut);
            Map<String, MemberDisk> fused = new LinkedHashMap<>();
            disks.forEach(
                    (serial, disk) -> fused.put(serial, new MemberDisk(disk.name(), serial, fuse.over(disk.disk()))));
            boolean through = commitUnder(after, fused, fuse);
            Selection found = read();
            List<Volume> volumes = found.metadata().container().volumes();
            assertThat(volumes)
                    .as("cut before write %d", cut)
                    .isIn(before.container().volumes(), after.container().volumes());
            assertThat(found.missing()).as("cut before write %d", cut).isEmpty();
            for (Volume volume : volumes) {
                for (Slot slot : volume.slots()) {
                    String serial = found.metadata()
                            .container()
                            .disks()
                            .get(slot.disk())
                            .serial();
                    assertThat(found.members().containsKey(serial) || !slot.inSync())
                            .isTrue();
                }
            }
            if (through) {
                assertThat(volumes).isEqualTo(after.container().volumes());
                return cuts;
            }
            cuts++;
        }
    }

    private boolean commitUnder(ContainerMetadata wanted, Map<String, MemberDisk> fused, Fuse fuse) {
        try {
            format.commit(wanted, fused);
        } catch (DiskException e) {
            assertThat(fuse.blown()).isTrue();
        }
        return !fuse.blown();
    }

    @Test
    void dirty_and_failed_and_rebuilding() throws IOException {
        ContainerMetadata idle = start(3, 1, RAID5);
        assertThat(crashEverywhere(idle, m -> m.withDirty(0, true))).isEqualTo(6);
        ContainerMetadata degraded =
                format.commit(idle.withMemberFailed("S1"), disks).metadata();
        disks.remove("S1");
        assertThat(crashEverywhere(degraded, m -> m.withRebuild(0, 1, "S3"))).isEqualTo(6);
    }

    @Test
    void a_failure_cut_off_anywhere_loses_no_other_member() throws IOException {
        ContainerMetadata idle = start(3, 0, RAID5);
        assertThat(crashEverywhere(idle, m -> m.withMemberFailed("S2"))).isEqualTo(4);
    }

    @Test
    void the_birth_the_end_and_the_taking_back_of_a_grow() throws IOException {
        for (Level level : List.of(RAID5, new Level.Striped())) {
            disks.clear();
            saved.clear();
            ContainerMetadata idle = start(3, 1, level);
            ReshapeGoal goal = new ReshapeGoal(0, new Geometry(level, 4, 128), List.of("S3"));
            format.writeProgress(idle.withReshape(goal, true), 0, new Progress(0, true), disks);
            assertThat(crashEverywhere(idle, m -> m.withReshape(goal, true))).isEqualTo(8);
            ContainerMetadata begun = read().metadata();
            assertThat(crashEverywhere(begun, m -> m.withReshapeCancelled(0))).isGreaterThan(6);
            restore();
            ContainerMetadata ended = begun.withProgress(0, new Progress(20, false));
            format.writeProgress(ended, 0, new Progress(20, false), disks);
            assertThat(crashEverywhere(read().metadata(), m -> m.withReshapeFinished(0)))
                    .isEqualTo(12);
        }
    }

    /** A crash while an earlier crash is made good, and again: no member ever falls behind by more than one change. */
    @Test
    void however_often_the_power_fails_in_settling_no_member_falls_behind() throws IOException {
        ContainerMetadata idle = start(3, 0, RAID5);
        save();
        for (int first = 0; first < 6; first++) {
            restore();
            crash(first, fused -> format.commit(idle.withDirty(0, true), fused));
            for (int cut = 0; cut < 6; cut++) {
                Selection found = read();
                crash(cut % 4, fused -> format.settle(found.metadata(), fused(found.behind(), fused), fused));
                assertThat(read().stale()).isEmpty();
                assertThat(read().missing()).isEmpty();
            }
            Selection found = read();
            assertThat(format.settle(found.metadata(), found.behind(), disks).failed())
                    .isEmpty();
            assertThat(read().behind()).isEmpty();
            assertThat(read().metadata().container().volumes())
                    .isEqualTo(found.metadata().container().volumes());
        }
    }

    /** Something that writes to these disks. */
    private interface Work {
        void on(Map<String, MemberDisk> fused) throws DiskException;
    }

    private void crash(int atWrite, Work work) {
        Fuse fuse = new Fuse(atWrite);
        Map<String, MemberDisk> fused = new LinkedHashMap<>();
        disks.forEach((serial, disk) -> fused.put(serial, new MemberDisk(disk.name(), serial, fuse.over(disk.disk()))));
        try {
            work.on(fused);
        } catch (DiskException e) {
            assertThat(fuse.blown()).isTrue();
        }
    }

    private static List<MemberDisk> fused(List<MemberDisk> disks, Map<String, MemberDisk> fused) {
        return disks.stream().map(disk -> fused.get(disk.serial())).toList();
    }
}
