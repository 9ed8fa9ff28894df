package io.restripe.reshape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.BadBlockList;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import io.restripe.assembly.Assembly;
import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.DiskLayer;
import io.restripe.disk.MemoryDisk;
import io.restripe.env.Env;
import io.restripe.env.SystemEnv;
import io.restripe.geometry.Geometry;
import io.restripe.metadata.ContainerDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.VolumeSpec;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.rule.ProblemException;
import io.restripe.unit.SectorRange;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bad blocks under the monitor: the array is its attributes only, as md has them. */
class BadBlockWatchTest {
    private static final String BAD = "S1";

    private final Env env = new SystemEnv();
    private final ImsmFormat format = new ImsmFormat(env);
    private final Map<String, MemberDisk> disks = new LinkedHashMap<>();
    private final Array array = new Array();
    /** What has been done to the array and to the disks, in order. */
    private final List<String> done = new ArrayList<>();

    private Runnable whenRecorded = () -> {};
    private MetadataKeeper keeper;
    private WatchedArray watched;

    /** Attributes of an array of three members. */
    private final class Array implements ArrayControl {
        private String state = "clean";
        private final Map<String, String> words = new LinkedHashMap<>();
        private final List<SectorRange> unacknowledged = new ArrayList<>();
        private final List<SectorRange> acknowledged = new ArrayList<>();
        private boolean busy;

        @Override
        public String name() {
            return "c0/v0";
        }

        @Override
        public String read(Attribute attribute) {
            return switch (attribute) {
                case ARRAY_STATE -> state;
                case SYNC_ACTION -> "idle";
                case ARRAY_SIZE -> "16384";
                default -> "none";
            };
        }

        @Override
        public void write(Attribute attribute, String value) {
            done.add(value);
            state = value;
        }

        @Override
        public List<String> members() {
            return List.copyOf(words.keySet());
        }

        @Override
        public void addMember(String member) {
            throw new UnsupportedOperationException(member);
        }

        @Override
        public String read(String member, MemberAttribute attribute) throws AttributeException {
            if (!words.containsKey(member)) {
                throw new AttributeException(name(), attribute.mdName(), null, Errno.ENODEV, "it has left");
            }
            return switch (attribute) {
                case STATE -> words.get(member);
                case SLOT -> String.valueOf(members().indexOf(member));
                case BAD_BLOCKS -> member.equals(BAD) ? text(all()) : "";
                case UNACKNOWLEDGED_BAD_BLOCKS -> member.equals(BAD) ? text(unacknowledged) : "";
                default -> throw new UnsupportedOperationException(member);
            };
        }

        private List<SectorRange> all() {
            List<SectorRange> all = new ArrayList<>(acknowledged);
            all.addAll(unacknowledged);
            return all;
        }

        private static String text(List<SectorRange> list) {
            return list.stream().map(BadBlockList::entry).collect(Collectors.joining("\n"));
        }

        @Override
        public void write(String member, MemberAttribute attribute, String value) throws AttributeException {
            if (busy) {
                throw new AttributeException(name(), attribute.mdName(), value, Errno.EBUSY, "the mutex is held");
            }
            done.add(member + " " + value);
            if (attribute == MemberAttribute.BAD_BLOCKS) {
                assertThat(onDisk()).as("durable before it is acknowledged").containsAll(unacknowledged);
                acknowledged.addAll(unacknowledged);
                unacknowledged.clear();
            } else if (value.equals("faulty")) {
                words.put(member, "faulty,blocked");
            }
        }

        @Override
        public Runnable subscribe(Runnable wake) {
            return () -> {};
        }

        /** A write of a user has failed there. */
        void fails(long sector, long sectors) {
            unacknowledged.add(new SectorRange(sector, sector + sectors));
            state = "write-pending";
        }
    }

    private final class Noted extends DiskLayer {
        Noted(Disk inner) {
            super(inner);
        }

        @Override
        public void write(long sector, MemorySegment from) throws DiskException {
            super.write(sector, from);
            note("records");
        }

        @Override
        public void flush() throws DiskException {
            super.flush();
            note("flushes");
        }

        private void note(String what) {
            if (done.isEmpty() || !done.getLast().equals(what)) {
                done.add(what);
            }
            if (what.equals("records")) {
                whenRecorded.run();
            }
        }
    }

    @BeforeEach
    void a_volume_runs() throws Exception {
        for (int d = 0; d < 3; d++) {
            disks.put("S" + d, new MemberDisk("disk" + d, "S" + d, new Noted(new MemoryDisk("disk" + d, 65536))));
            array.words.put("S" + d, "in_sync,external_bbl");
        }
        VolumeSpec spec = new VolumeSpec("v0", Geometry.ofMd(5, 0, 3, 128), 8192, List.of("S0", "S1", "S2"), true);
        format.commit(format.create(new ArrayList<>(disks.values())).withVolume(spec), disks);
        monitor();
        watched.act();
        array.state = "active";
        watched.act();
        done.clear();
    }

    /** The next one, the one before having died. */
    private void monitor() throws ProblemException {
        keeper = new MetadataKeeper(env, format, look().metadata(), disks);
        watched = new WatchedArray(0, array, keeper, new ResyncDebts());
    }

    private Assembly look() throws ProblemException {
        return Assembly.look(format, new ArrayList<>(disks.values()));
    }

    private List<SectorRange> onDisk() {
        try {
            return look().container().disks().stream()
                    .filter(disk -> disk.serial().equals(BAD))
                    .flatMap(disk -> disk.bad().stream())
                    .toList();
        } catch (ProblemException e) {
            throw new AssertionError(e);
        }
    }

    private static SectorRange range(long start, long length) {
        return new SectorRange(start, start + length);
    }

    private List<String> told() {
        return done.stream()
                .filter(what -> !what.equals("records") && !what.equals("flushes"))
                .toList();
    }

    @Test
    void a_new_one_is_recorded_then_the_write_acknowledged_then_the_block() throws Exception {
        array.fails(1000, 8);
        watched.act();
        assertThat(onDisk()).containsExactly(range(1000, 8));
        assertThat(done).startsWith("records").endsWith("flushes", "active", "S1 1000 8", "S1 -blocked");
        done.clear();
        watched.act();
        assertThat(done).as("nothing is new").isEmpty();
    }

    /** md starts an array that is told to be active when it has been stopped (docs/md-control.md, section 2). */
    @Test
    void an_array_that_is_stopped_while_its_write_is_recorded_is_not_started_again() throws Exception {
        array.state = "clean";
        watched.act();
        array.state = "write-pending";
        whenRecorded = () -> array.state = "inactive";
        watched.act();
        assertThat(keeper.container().volumes().getFirst().dirty()).isTrue();
        assertThat(told()).doesNotContain("active");
    }

    @Test
    void one_that_comes_while_another_is_recorded_is_recorded_too_before_any_write_is_acknowledged() throws Exception {
        array.fails(1000, 8);
        whenRecorded = () -> {
            whenRecorded = () -> {};
            array.fails(2000, 8);
        };
        watched.act();
        assertThat(onDisk()).containsExactly(range(1000, 8), range(2000, 8));
        assertThat(told()).first().isEqualTo("active");
        assertThat(done.subList(done.indexOf("active"), done.size())).doesNotContain("records");
    }

    @Test
    void a_monitor_that_died_between_record_and_acknowledgement_is_followed_by_one_that_records_nothing_twice()
            throws Exception {
        array.busy = true;
        array.fails(1000, 8);
        watched.act();
        assertThat(told()).containsExactly("active");
        long generation = keeper.container().generation();
        monitor();
        array.busy = false;
        done.clear();
        watched.act();
        assertThat(told()).containsExactly("S1 1000 8", "S1 -blocked");
        assertThat(keeper.container().generation()).isEqualTo(generation);
        assertThat(onDisk()).containsExactly(range(1000, 8));
    }

    @Test
    void an_acknowledgement_that_the_array_has_no_time_for_is_tried_again_and_nothing_let_go_before() throws Exception {
        array.busy = true;
        array.fails(1000, 8);
        watched.act();
        watched.act();
        array.busy = false;
        watched.act();
        assertThat(told()).containsExactly("active", "S1 1000 8", "S1 -blocked");
    }

    @Test
    void one_that_was_overwritten_leaves_the_record_when_what_was_written_is_durable() throws Exception {
        array.fails(1000, 8);
        array.fails(5000, 8);
        watched.act();
        array.acknowledged.removeIf(bad -> bad.start() == 1000);
        done.clear();
        watched.act();
        assertThat(done).startsWith("flushes", "records");
        assertThat(onDisk()).containsExactly(range(5000, 8));
    }

    @Test
    void an_array_that_is_not_running_or_keeps_no_list_takes_nothing_off_the_record() throws Exception {
        array.fails(1000, 8);
        watched.act();
        array.acknowledged.clear();
        array.words.put(BAD, "in_sync");
        watched.act();
        array.words.put(BAD, "in_sync,external_bbl");
        array.state = "readonly";
        watched.act();
        array.state = "inactive";
        watched.act();
        assertThat(onDisk()).containsExactly(range(1000, 8));
    }

    @Test
    void what_has_no_room_in_the_log_fails_the_member_and_that_is_recorded_first() throws Exception {
        LongStream.range(0, 254).forEach(i -> array.fails(i * 16, 8));
        watched.act();
        assertThat(onDisk()).hasSize(254);
        array.fails(10000, 8);
        done.clear();
        watched.act();
        assertThat(done.subList(0, done.indexOf("active"))).contains("records");
        assertThat(keeper.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        assertThat(array.words.get(BAD)).contains("faulty");
        assertThat(onDisk()).isEmpty();
        assertThat(keeper.container().disks().stream().map(ContainerDisk::bad)).allMatch(List::isEmpty);
    }

    /** Linux forgets errors in the middle of large writes to rows with parity: what it has on its list may not be all. */
    @Test
    void a_member_with_parity_that_failed_a_write_is_done_without_where_that_is_possible() throws Exception {
        array.words.put(BAD, "in_sync,write_error,external_bbl");
        array.fails(1000, 8);
        watched.act();
        assertThat(told()).startsWith("S1 faulty", "active");
        assertThat(keeper.container().volumes().getFirst().missingSlots()).isEqualTo(1);
        assertThat(onDisk()).isEmpty();
    }

    @Test
    void one_that_another_volume_cannot_do_without_stays_with_its_bad_blocks() throws Exception {
        VolumeSpec raid0 = new VolumeSpec("v1", Geometry.ofMd(0, 0, 3, 128), 4096, List.of("S0", "S1", "S2"), true);
        format.commit(look().metadata().withVolume(raid0), disks);
        monitor();
        array.words.put(BAD, "in_sync,write_error,external_bbl");
        array.fails(1000, 8);
        watched.act();
        assertThat(told()).contains("active", "S1 1000 8", "S1 -blocked").doesNotContain("S1 faulty");
        assertThat(keeper.container().volumes()).allMatch(volume -> volume.missingSlots() == 0);
        assertThat(onDisk()).containsExactly(range(1000, 8));
    }

    /** Its failure was recorded by another array's pass, and this one has not heard of it yet. */
    @Test
    void a_member_that_is_recorded_as_failed_keeps_nobody_waiting_with_a_new_one() throws Exception {
        keeper.commit(keeper.current().withMemberFailed(BAD));
        array.fails(1000, 8);
        done.clear();
        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> watched.act());
        assertThat(told()).containsExactly("active", "S1 faulty");
        assertThat(onDisk()).isEmpty();
    }

    @Test
    void one_that_is_needed_stays_with_its_bad_blocks() throws Exception {
        keeper.commit(keeper.current().withMemberFailed("S0"));
        array.words.put("S0", "faulty");
        array.words.put(BAD, "in_sync,write_error,external_bbl");
        array.fails(1000, 8);
        done.clear();
        watched.act();
        assertThat(told())
                .containsSubsequence("active", "S1 1000 8", "S1 -blocked")
                .doesNotContain("S1 faulty");
        assertThat(onDisk()).containsExactly(range(1000, 8));
        assertThat(watched.problem()).isEmpty();
    }

    @Test
    void where_the_array_needs_that_member_its_write_is_not_acknowledged() throws Exception {
        keeper.commit(keeper.current().withMemberFailed("S0"));
        array.words.remove("S0");
        LongStream.range(0, 255).forEach(i -> array.fails(i * 16, 8));
        done.clear();
        watched.act();
        assertThat(told()).containsExactly("S1 faulty");
        assertThat(watched.problem()).isPresent();
        watched.act();
        assertThat(told()).as("the array says by itself that it is broken").contains("active");
    }
}
