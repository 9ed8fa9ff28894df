package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.restripe.assembly.Assembly;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.metadata.VolumeSpec;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which of two volumes a migration record is of, and whether a grow goes on in the second: told, never guessed. */
@Timeout(120)
class TwoVolumesTest {
    private static final Geometry THREE = Geometry.ofMd(5, 0, 3, 128);
    private static final Geometry FOUR = Geometry.ofMd(5, 0, 4, 128);
    private static final Assembly.Options PLAIN = new Assembly.Options(false, false);
    private static final ReshapeGoal FIRST = new ReshapeGoal(0, FOUR, List.of("S3"));
    private static final ReshapeGoal SECOND = new ReshapeGoal(1, FOUR, List.of("S3"));

    private final ImsmFormat format = Fixture.format();
    private final List<MemberDisk> disks = new ArrayList<>();
    private final Map<String, MemberDisk> bySerial = new LinkedHashMap<>();

    private ContainerMetadata twoVolumes(int sectorBytes, long memberKib) throws Exception {
        for (int i = 0; i < 4; i++) {
            MemberDisk disk = new MemberDisk("d" + i, "S" + i, new MemoryDisk("d" + i, 65536, sectorBytes));
            disks.add(disk);
            bySerial.put(disk.serial(), disk);
        }
        List<String> three = List.of("S0", "S1", "S2");
        ContainerMetadata made = format.create(disks).withVolume(new VolumeSpec("v0", THREE, memberKib, three, true));
        return commit(made.withVolume(new VolumeSpec("v1", THREE, memberKib, three, true)));
    }

    private ContainerMetadata commit(ContainerMetadata wanted) throws Exception {
        return format.commit(wanted, bySerial).metadata();
    }

    private ContainerMetadata record(ContainerMetadata metadata, int volume, Progress progress) throws Exception {
        ContainerMetadata with = metadata.withProgress(volume, progress);
        format.writeProgress(with, volume, progress, bySerial);
        return with;
    }

    private static Activity.Reshape reshape(Volume volume) {
        return (Activity.Reshape) volume.activity();
    }

    private Assembly look() throws ProblemException {
        return Assembly.look(format, disks);
    }

    /** As mdmon does it: one write of the MPB ends the first volume and begins the second, the record is the first one's. */
    @ParameterizedTest
    @CsvSource({"512, 4, false", "512, 3, false", "512, 2, true", "4096, 4, false"})
    void a_record_of_the_first_volume_is_not_believed_for_the_second(int sectorBytes, long unit, boolean saved)
            throws Exception {
        ContainerMetadata begun = commit(twoVolumes(sectorBytes, 4096).withReshape(FIRST, true));
        assertThat(reshape(begun.container().volumes().getFirst()).units()).isEqualTo(4);
        ContainerMetadata moved = record(begun, 0, new Progress(unit, saved));
        commit(moved.withReshapeFinished(0).withReshape(SECOND, false));
        record(moved, 0, new Progress(unit, saved)); // mdadm writes it once more
        assertThatThrownBy(this::look)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("an earlier volume's reshape may have left it");
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096})
    void our_own_second_volume_is_known_by_its_own_record(int sectorBytes) throws Exception {
        ContainerMetadata first = commit(twoVolumes(sectorBytes, 4096).withReshape(FIRST, true));
        ContainerMetadata ended =
                commit(record(first, 0, new Progress(4, false)).withReshapeFinished(0));
        ContainerMetadata second = ended.withReshape(SECOND, true);
        format.writeProgress(second, 1, new Progress(0, true), bySerial);
        ContainerMetadata begun = commit(second);
        assertThat(reshape(look().container().volumes().get(1)).progress()).isEqualTo(new Progress(0, true));
        for (long unit = 1; unit <= 4; unit++) {
            begun = record(begun, 1, new Progress(unit, false));
            assertThat(reshape(look().container().volumes().get(1)).progress()).isEqualTo(new Progress(unit, false));
        }
    }

    /** mdadm's own second volume, one checkpoint into it: gone on with, the MPB says so before the record goes any further. */
    @Test
    void the_metadata_follows_a_record_that_is_gone_on_from() throws Exception {
        ContainerMetadata first = commit(twoVolumes(512, 4096).withReshape(FIRST, true));
        ContainerMetadata begun = commit(
                record(first, 0, new Progress(4, false)).withReshapeFinished(0).withReshape(SECOND, false));
        format.writeProgress(begun.withProgress(1, new Progress(1, false)), 1, new Progress(1, false), bySerial);
        Assembly assembly = look();
        assembly.recover(PLAIN);
        long generation = assembly.container().generation();
        Assembly again = look();
        again.recover(PLAIN);
        assertThat(again.container().generation()).isEqualTo(generation);
        record(assembly.metadata(), 1, new Progress(3, false));
        assertThat(reshape(look().container().volumes().get(1)).progress()).isEqualTo(new Progress(3, false));
    }

    private boolean awaitsGrow(ContainerMetadata metadata) {
        return metadata.container().volumes().get(1).activity() instanceof Activity.Idle idle && idle.awaitsGrow();
    }

    @Test
    void a_grow_between_its_volumes_is_remembered_until_the_second_has_had_its_turn() throws Exception {
        ContainerMetadata first = commit(twoVolumes(512, 4096).withReshape(FIRST, true));
        assertThat(awaitsGrow(first)).isFalse();
        ContainerMetadata ended =
                commit(record(first, 0, new Progress(4, false)).withReshapeFinished(0));
        commit(ended.withDirty(1, true));
        Assembly assembly = look();
        assembly.recover(PLAIN);
        assertThat(awaitsGrow(look().metadata())).isTrue();
        assertThat(format.inspect(disks).findings()).isEmpty();
        ContainerMetadata second = commit(assembly.metadata().withReshape(SECOND, true));
        assertThat(awaitsGrow(second)).isFalse();
        assertThat(awaitsGrow(second.withReshapeCancelled(1))).isTrue();
        assertThat(awaitsGrow(second.withProgress(1, new Progress(4, false)).withReshapeFinished(1)))
                .isFalse();
    }

    @Test
    void a_change_of_the_chunk_is_no_grow() throws Exception {
        ContainerMetadata narrow = narrowSecond();
        ReshapeGoal chunk = new ReshapeGoal(0, Geometry.ofMd(5, 0, 4, 256), List.of());
        ContainerMetadata changed = commit(narrow.withReshape(chunk, true));
        assertThat(awaitsGrow(changed.withProgress(0, new Progress(4, false)).withReshapeFinished(0)))
                .isFalse();
        assertThat(awaitsGrow(changed.withReshapeCancelled(0))).isFalse();
    }

    /** As if made over four and three disks: of the same shapes as in the middle of a grow, and no grow has begun. */
    private ContainerMetadata narrowSecond() throws Exception {
        ImsmMetadata ended =
                (ImsmMetadata) twoVolumes(512, 4096).withReshape(FIRST, false).withReshapeFinished(0);
        VolumeEntry second = ended.mpb().volumes().get(1);
        return commit(ended.withMpb(ended.mpb().withVolume(1, second.idle(second.map0()))));
    }

    @Test
    void a_volume_that_was_made_narrower_is_left_alone_and_grows_on_request() throws Exception {
        narrowSecond();
        RunningContainer running =
                RunningContainer.start(new SystemEnv(), "c0", format, disks, RunningContainer.Options.normal());
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.container().volumes().get(1).geometry()).isEqualTo(THREE);
        assertThat(running.notes()).anyMatch(note -> note.contains("grow --continue"));
        running.resume();
        assertThat(running.awaitIdle(60_000_000_000L)).isTrue();
        assertThat(running.status().problem()).isEmpty();
        assertThat(running.container().volumes().get(1).geometry()).isEqualTo(FOUR);
        assertThatThrownBy(running::resume)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("nothing to continue");
        running.stop();
    }
}
