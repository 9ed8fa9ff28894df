package io.restripe.reshape;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.Attributes;
import io.restripe.array.MemberAttribute;
import io.restripe.assembly.Assembly;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.Activity;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Progress;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A monitor that finds a reshape half-way, its predecessor having died at an awkward instant. The array is its attributes only. */
class MonitorTakesOverTest {
    private static final int DISKS = 4;

    private final Env env = new SystemEnv();
    private final ImsmFormat format = new ImsmFormat(env);
    private final Map<String, MemberDisk> disks = new LinkedHashMap<>();
    private final Texts control = new Texts();
    private final Attributes attributes = new Attributes(control);
    private final ResyncDebts debts = new ResyncDebts();
    private MetadataKeeper keeper;
    private ReshapeShape shape;

    /** Attributes that are what was written to them. */
    private static final class Texts implements ArrayControl {
        private final Map<Attribute, String> texts = new EnumMap<>(Attribute.class);
        /** Member to its state; the order is that of the slots. */
        private final Map<String, String> states = new LinkedHashMap<>();

        private final List<String> written = new ArrayList<>();

        @Override
        public String name() {
            return "c0/v0";
        }

        @Override
        public String read(Attribute attribute) {
            return texts.getOrDefault(attribute, "none");
        }

        @Override
        public void write(Attribute attribute, String value) {
            texts.put(attribute, value);
        }

        @Override
        public List<String> members() {
            return List.copyOf(states.keySet());
        }

        @Override
        public void addMember(String member) {
            throw new UnsupportedOperationException(member);
        }

        @Override
        public String read(String member, MemberAttribute attribute) {
            return switch (attribute) {
                case STATE -> states.get(member);
                case SLOT -> String.valueOf(members().indexOf(member));
                default -> throw new UnsupportedOperationException(member);
            };
        }

        @Override
        public void write(String member, MemberAttribute attribute, String value) {
            written.add(member + " " + value);
        }

        @Override
        public Runnable subscribe(Runnable wake) {
            return () -> {};
        }
    }

    @BeforeEach
    void a_reshape_is_recorded() throws Exception {
        for (int d = 0; d < DISKS; d++) {
            disks.put("S" + d, new MemberDisk("disk" + d, "S" + d, new MemoryDisk("disk" + d, 65536)));
        }
        VolumeSpec spec = new VolumeSpec("v0", Geometry.ofMd(5, 0, 3, 128), 8192, List.of("S0", "S1", "S2"), true);
        ContainerMetadata metadata =
                format.create(new ArrayList<>(disks.values())).withVolume(spec);
        metadata = format.commit(metadata, disks).metadata();
        metadata = metadata.withReshape(new ReshapeGoal(0, Geometry.ofMd(5, 0, 4, 128), List.of("S3")), true);
        keeper = new MetadataKeeper(env, format, format.commit(metadata, disks).metadata(), disks);
        var volume = keeper.container().volumes().getFirst();
        shape = ReshapeShape.of(volume, (Activity.Reshape) volume.activity());
    }

    private Progress recorded() {
        return ((Activity.Reshape) keeper.container().volumes().getFirst().activity()).progress();
    }

    private void array(String action, long checkpoint, long syncMax) throws Exception {
        attributes.set(Attribute.SYNC_ACTION, action);
        attributes.set(Attribute.RESHAPE_POSITION, checkpoint);
        attributes.set(Attribute.SYNC_MAX, syncMax);
        attributes.set(Attribute.SUSPEND_LO, checkpoint);
        attributes.set(Attribute.SUSPEND_HI, syncMax * shape.after().dataMembers());
    }

    @Test
    void an_array_that_stood_when_the_monitor_began_is_followed_when_it_goes_on() throws Exception {
        keeper.writeProgress(0, new Progress(1, true));
        array("idle", shape.positionOfUnit(1), shape.deviceEndOfUnit(1));
        ReshapeWatch watch = new ReshapeWatch(0, attributes, keeper, debts);
        watch.act("idle");
        attributes.set(Attribute.SYNC_COMPLETED, shape.deviceEndOfUnit(1));
        watch.act("reshape");
        assertThat(recorded()).isEqualTo(new Progress(2, false));
    }

    @Test
    void writes_below_the_durable_checkpoint_are_let_go_by_the_next_monitor() throws Exception {
        keeper.writeProgress(0, new Progress(2, false));
        array("reshape", shape.positionOfUnit(1), shape.deviceEndOfUnit(1));
        attributes.set(Attribute.SYNC_COMPLETED, shape.deviceEndOfUnit(1));
        new ReshapeWatch(0, attributes, keeper, debts).act("reshape");
        assertThat(attributes.number(Attribute.SUSPEND_LO)).isEqualTo(shape.positionOfUnit(2));
    }

    @Test
    void before_the_array_has_a_position_its_bound_is_a_left_over() throws Exception {
        attributes.set(Attribute.SYNC_ACTION, "idle");
        attributes.set(Attribute.SYNC_MAX, "max");
        ReshapeWatch watch = new ReshapeWatch(0, attributes, keeper, debts);
        watch.act("idle");
        assertThat(watch.released()).isFalse();
    }

    private void arrayHasEnded() throws Exception {
        keeper.writeProgress(0, new Progress(shape.units(), false));
        attributes.set(Attribute.SYNC_ACTION, "idle");
        attributes.set(Attribute.ARRAY_STATE, "active");
        attributes.set(Attribute.RAID_DISKS, 4);
        attributes.set(Attribute.CHUNK_SIZE, 128 * 512);
        attributes.set(Attribute.LAYOUT, 0);
    }

    private Activity activity() {
        return keeper.container().volumes().getFirst().activity();
    }

    @Test
    void a_resync_that_is_owed_is_recorded_together_with_the_end_of_the_reshape() throws Exception {
        arrayHasEnded();
        debts.owe(0);
        new ReshapeWatch(0, attributes, keeper, debts).act("idle");
        assertThat(activity()).isEqualTo(new Activity.Resync(false, 0));
    }

    @Test
    void where_nothing_is_owed_the_end_is_the_end() throws Exception {
        arrayHasEnded();
        new ReshapeWatch(0, attributes, keeper, debts).act("idle");
        assertThat(activity()).isInstanceOf(Activity.Idle.class);
    }

    @Test
    void an_idle_array_has_finished_a_resync_only_if_it_was_seen_at_it() throws Exception {
        arrayHasEnded();
        debts.owe(0);
        new ReshapeWatch(0, attributes, keeper, debts).act("idle");
        WatchedArray next = new WatchedArray(0, control, keeper, new ResyncDebts());
        next.act();
        assertThat(activity()).isInstanceOf(Activity.Resync.class);
        assertThat(next.owesResync()).isTrue();
        attributes.set(Attribute.RESYNC_START, 0);
        next.beginResync();
        next.act();
        assertThat(next.owesResync()).isFalse();
        attributes.set(Attribute.RESYNC_START, "none");
        next.act();
        assertThat(activity()).isInstanceOf(Activity.Idle.class);
    }

    private boolean isDirtyWhenStoppedAfterFailing(String... members) throws Exception {
        arrayHasEnded();
        new ReshapeWatch(0, attributes, keeper, debts).act("idle");
        WatchedArray watched = new WatchedArray(0, control, keeper, debts);
        watched.act();
        ContainerMetadata failed = keeper.current();
        for (String member : members) {
            failed = failed.withMemberFailed(member);
        }
        keeper.commit(failed);
        attributes.set(Attribute.ARRAY_STATE, "inactive");
        watched.act();
        return keeper.container().volumes().getFirst().dirty();
    }

    @Test
    void a_degraded_array_is_recorded_clean_when_it_stops() throws Exception {
        assertThat(isDirtyWhenStoppedAfterFailing("S1")).isFalse();
    }

    @Test
    void a_broken_array_is_not() throws Exception {
        assertThat(isDirtyWhenStoppedAfterFailing("S1", "S2")).isTrue();
    }

    /** By the metadata alone the volume could not bear that; the array goes on all the same, and writes wait for the record. */
    @Test
    void a_failure_right_behind_the_end_of_a_rebuild_is_recorded() throws Exception {
        arrayHasEnded();
        new ReshapeWatch(0, attributes, keeper, debts).act("idle");
        keeper.commit(keeper.current().withMemberFailed("S3"));
        MemberDisk spare = new MemberDisk("disk9", "S9", new MemoryDisk("disk9", 65536));
        keeper.join(spare);
        keeper.commit(keeper.current().withSpare(spare).withRebuild(0, 3, "S9"));
        for (String member : List.of("S0", "S1", "S2", "S9")) {
            control.states.put(member, member.equals("S1") ? "faulty,blocked" : "in_sync");
        }
        WatchedArray watched = new WatchedArray(0, control, keeper, debts);
        watched.act();
        assertThat(control.written).contains("S1 -blocked");
        assertThat(watched.problem()).isEmpty();
        assertThat(Losses.isMember(keeper.container(), "S1")).isFalse();
        assertThat(keeper.container().volumes().getFirst().missingSlots()).isEqualTo(1);
    }

    @Test
    void a_copy_of_the_record_that_was_left_behind_catches_up_before_the_other_is_lost() throws Exception {
        keeper.writeProgress(0, new Progress(1, false));
        Progress newer = new Progress(2, false);
        format.writeProgress(keeper.current().withProgress(0, newer), 0, newer, Map.of("S0", disks.get("S0")));
        Assembly look = Assembly.look(format, new ArrayList<>(disks.values()));
        MetadataKeeper next = new MetadataKeeper(env, format, look.metadata(), look.disks());
        next.commit(next.current().withMemberFailed("S0"));
        disks.remove("S0");
        keeper = new MetadataKeeper(
                env,
                format,
                Assembly.look(format, new ArrayList<>(disks.values())).metadata(),
                disks);
        assertThat(recorded()).isEqualTo(newer);
    }
}
