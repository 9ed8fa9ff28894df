package io.restripe.array;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every control surface of an array must do, whatever is behind it: docs/md-control.md. */
@Timeout(30)
public abstract class ArrayControlContract {
    /** An array in state clear, whose disks d0 to d4 hold at least 4096 sectors behind sector 64. */
    protected abstract ArrayControl array();

    protected final void set(Attribute attribute, Object value) throws AttributeException {
        array().write(attribute, value.toString());
    }

    protected final String get(Attribute attribute) throws AttributeException {
        return array().read(attribute);
    }

    protected static void refuses(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        AttributeException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    protected final void add(String member, int slot) throws AttributeException {
        array().addMember(member);
        array().write(member, MemberAttribute.OFFSET, "64");
        array().write(member, MemberAttribute.SIZE, "2048");
        if (slot >= 0) {
            array().write(member, MemberAttribute.SLOT, Integer.toString(slot));
        }
    }

    protected final void configure(int level, int disks) throws AttributeException {
        set(Attribute.METADATA_VERSION, "external:/c/0");
        set(Attribute.LEVEL, "raid" + level);
        set(Attribute.RAID_DISKS, disks);
        set(Attribute.CHUNK_SIZE, 65536);
        set(Attribute.LAYOUT, 0);
        set(Attribute.COMPONENT_SIZE, 2048);
        set(Attribute.RESYNC_START, "18446744073709551615");
        for (int slot = 0; slot < disks; slot++) {
            add("d" + slot, slot);
        }
    }

    protected final void run(int level, int disks) throws AttributeException {
        configure(level, disks);
        set(Attribute.ARRAY_STATE, "readonly");
        set(Attribute.ARRAY_STATE, "active");
    }

    /** Who has left may be shown for a moment more. */
    private void awaitMembers(String... members) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (array().members().size() != members.length && System.nanoTime() - deadline < 0) {
            Thread.sleep(5);
        }
        assertThat(array().members()).containsExactlyInAnyOrder(members);
    }

    @Test
    void begins_clear_and_becomes_inactive_when_configured() throws Exception {
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("clear");
        configure(5, 3);
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("inactive");
        assertThat(get(Attribute.RESYNC_START)).isEqualTo("none");
        assertThat(get(Attribute.RESHAPE_POSITION)).isEqualTo("none");
        assertThat(get(Attribute.ARRAY_SIZE)).isEqualTo("default");
        assertThat(array().members()).containsExactlyInAnyOrder("d0", "d1", "d2");
        assertThat(array().read("d1", MemberAttribute.SLOT)).isEqualTo("1");
        assertThat(array().read("d1", MemberAttribute.STATE)).isEqualTo("in_sync");
    }

    @Test
    void words_of_a_stopped_array() throws Exception {
        refuses(Errno.EINVAL, () -> set(Attribute.ARRAY_STATE, "active"));
        configure(5, 3);
        set(Attribute.ARRAY_STATE, "inactive");
        refuses(Errno.EINVAL, () -> set(Attribute.ARRAY_STATE, "clean"));
        refuses(Errno.EINVAL, () -> set(Attribute.ARRAY_STATE, "suspended"));
        refuses(Errno.ENOENT, () -> get(Attribute.SYNC_ACTION));
        set(Attribute.ARRAY_STATE, "clear");
        assertThat(new Attributes(array()).arrayState())
                .as("clear, or gone, which is the same")
                .isEqualTo("clear");
    }

    @Test
    void words_of_a_running_array() throws Exception {
        configure(5, 3);
        set(Attribute.ARRAY_STATE, "readonly");
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("readonly");
        refuses(Errno.ENXIO, () -> set(Attribute.ARRAY_STATE, "readonly"));
        set(Attribute.ARRAY_STATE, "read-auto");
        refuses(Errno.EINVAL, () -> set(Attribute.ARRAY_STATE, "read-auto"));
        set(Attribute.ARRAY_STATE, "active");
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("clean");
        set(Attribute.ARRAY_STATE, "active");
        assertThat(get(Attribute.ARRAY_STATE))
                .as("clean does not become active")
                .isEqualTo("clean");
        set(Attribute.ARRAY_STATE, "inactive");
        assertThat(get(Attribute.RAID_DISKS)).as("kept").isEqualTo("3");
    }

    @Test
    void raid0_offers_no_sync() throws Exception {
        run(0, 2);
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("clean");
        for (Attribute attribute : List.of(
                Attribute.SYNC_ACTION,
                Attribute.SYNC_MAX,
                Attribute.SYNC_COMPLETED,
                Attribute.SUSPEND_LO,
                Attribute.SUSPEND_HI,
                Attribute.DEGRADED)) {
            refuses(Errno.ENOENT, () -> get(attribute));
        }
    }

    @Test
    void sync_attributes_of_an_idle_array() throws Exception {
        run(5, 3);
        assertThat(get(Attribute.SYNC_ACTION)).isEqualTo("idle");
        assertThat(get(Attribute.SYNC_COMPLETED)).isEqualTo("none");
        assertThat(get(Attribute.SYNC_MAX)).isEqualTo("max");
        assertThat(get(Attribute.DEGRADED)).isEqualTo("0");
        set(Attribute.SYNC_MAX, 256);
        assertThat(get(Attribute.SYNC_MAX)).isEqualTo("256");
        refuses(Errno.EINVAL, () -> set(Attribute.SYNC_MAX, 100));
        refuses(Errno.EINVAL, () -> set(Attribute.SYNC_MIN, 512));
        refuses(Errno.EINVAL, () -> set(Attribute.SYNC_ACTION, "dance"));
        set(Attribute.SYNC_ACTION, "frozen");
        assertThat(get(Attribute.SYNC_ACTION)).isEqualTo("frozen");
        set(Attribute.SYNC_ACTION, "idle");
        assertThat(get(Attribute.SYNC_ACTION)).isEqualTo("idle");
    }

    @Test
    void a_reshape_shows_new_and_old_and_parks_at_zero() throws Exception {
        run(5, 3);
        set(Attribute.SYNC_ACTION, "frozen");
        refuses(Errno.EINVAL, () -> set(Attribute.RAID_DISKS, 1));
        set(Attribute.RAID_DISKS, 4);
        assertThat(get(Attribute.RAID_DISKS)).isEqualTo("3");
        refuses(Errno.ENOSPC, () -> add("d4", 4));
        add("d3", 3);
        set(Attribute.SYNC_MAX, 0);
        set(Attribute.SYNC_ACTION, "reshape");
        assertThat(get(Attribute.SYNC_ACTION)).isEqualTo("reshape");
        assertThat(get(Attribute.RAID_DISKS)).isEqualTo("4 (3)");
        assertThat(get(Attribute.RESHAPE_POSITION)).isEqualTo("0");
        refuses(Errno.EBUSY, () -> set(Attribute.RAID_DISKS, 5));
        refuses(Errno.EBUSY, () -> set(Attribute.LEVEL, "raid6"));
        refuses(Errno.EBUSY, () -> array().write("d3", MemberAttribute.STATE, "remove"));
        set(Attribute.SYNC_ACTION, "frozen");
        assertThat(get(Attribute.SYNC_ACTION)).isEqualTo("frozen");
        assertThat(get(Attribute.SYNC_COMPLETED)).isEqualTo("none");
        assertThat(get(Attribute.RESHAPE_POSITION)).isEqualTo("0");
        set(Attribute.ARRAY_STATE, "inactive");
        assertThat(get(Attribute.RAID_DISKS)).isEqualTo("4 (3)");
    }

    @Test
    void takeover_of_raid0_and_back() throws Exception {
        run(0, 2);
        refuses(Errno.EINVAL, () -> set(Attribute.LEVEL, "raid1"));
        set(Attribute.LEVEL, "raid4");
        assertThat(get(Attribute.LEVEL)).isEqualTo("raid4");
        assertThat(get(Attribute.LAYOUT)).isEqualTo("5");
        assertThat(get(Attribute.RAID_DISKS)).isEqualTo("3");
        assertThat(get(Attribute.DEGRADED)).isEqualTo("1");
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("active");
        assertThat(get(Attribute.SAFE_MODE_DELAY)).isEqualTo("0.000");
        set(Attribute.LEVEL, "raid0");
        assertThat(get(Attribute.RAID_DISKS)).isEqualTo("2");
        assertThat(get(Attribute.LAYOUT)).isEqualTo("0");
        refuses(Errno.ENOENT, () -> get(Attribute.SYNC_ACTION));
    }

    @Test
    void members_refuse_what_does_not_fit() throws Exception {
        configure(5, 3);
        refuses(Errno.EEXIST, () -> array().addMember("d0"));
        refuses(Errno.ENODEV, () -> array().addMember("nobody"));
        refuses(Errno.EBUSY, () -> array().write("d0", MemberAttribute.OFFSET, "128"));
        refuses(Errno.EINVAL, () -> array().write("d0", MemberAttribute.SIZE, "1024"));
        refuses(Errno.EINVAL, () -> array().write("d0", MemberAttribute.STATE, "spare"));
        refuses(Errno.EINVAL, () -> array().write("d0", MemberAttribute.SLOT, "x"));
        set(Attribute.ARRAY_STATE, "readonly");
        refuses(Errno.EBUSY, () -> array().write("d0", MemberAttribute.SLOT, "none"));
        refuses(Errno.EROFS, () -> set(Attribute.RAID_DISKS, 4));
    }

    @Test
    void a_failed_member_is_blocked_until_recorded_then_leaves() throws Exception {
        run(5, 3);
        CountDownLatch woken = new CountDownLatch(1);
        Runnable end = array().subscribe(woken::countDown);
        array().write("d1", MemberAttribute.STATE, "faulty");
        assertThat(woken.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(array().read("d1", MemberAttribute.STATE)).isEqualTo("faulty,blocked");
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("write-pending");
        assertThat(get(Attribute.DEGRADED)).isEqualTo("1");
        set(Attribute.ARRAY_STATE, "active");
        array().write("d1", MemberAttribute.STATE, "-blocked");
        assertThat(array().read("d1", MemberAttribute.STATE)).isEqualTo("faulty");
        array().write("d1", MemberAttribute.STATE, "remove");
        awaitMembers("d0", "d2");
        end.run();
    }

    @Test
    void a_member_whose_bad_blocks_somebody_keeps_has_none_to_begin_with() throws Exception {
        configure(5, 3);
        array().write("d1", MemberAttribute.STATE, "external_bbl");
        set(Attribute.ARRAY_STATE, "readonly");
        set(Attribute.ARRAY_STATE, "active");
        assertThat(array().read("d1", MemberAttribute.STATE)).isEqualTo("in_sync,external_bbl");
        Attributes attributes = new Attributes(array());
        for (MemberAttribute list : List.of(MemberAttribute.BAD_BLOCKS, MemberAttribute.UNACKNOWLEDGED_BAD_BLOCKS)) {
            assertThat(array().read("d1", list)).isEmpty();
            assertThat(attributes.badBlocks("d1", list)).isEqualTo(BadBlockList.NONE);
            refuses(Errno.EINVAL, () -> array().write("d1", list, "64 x"));
            refuses(Errno.EINVAL, () -> array().write("d1", list, "-64 8"));
        }
        array().write("d1", MemberAttribute.STATE, "-blocked");
        assertThat(array().read("d1", MemberAttribute.STATE)).isEqualTo("in_sync,external_bbl");
        array().write("d1", MemberAttribute.STATE, "-external_bbl");
        assertThat(array().read("d1", MemberAttribute.STATE)).isEqualTo("in_sync");
    }

    @Test
    void starting_needs_enough_members() throws Exception {
        configure(5, 3);
        for (String member : List.of("d0", "d1")) {
            array().write(member, MemberAttribute.SLOT, "none");
            array().write(member, MemberAttribute.STATE, "remove");
        }
        refuses(Errno.EIO, () -> set(Attribute.ARRAY_STATE, "readonly"));
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("inactive");
        add("d0", 0);
        set(Attribute.RESYNC_START, "0");
        refuses(Errno.EIO, () -> set(Attribute.ARRAY_STATE, "readonly"));
        set(Attribute.RESYNC_START, "none");
        set(Attribute.ARRAY_STATE, "readonly");
        assertThat(get(Attribute.DEGRADED)).isEqualTo("1");
    }

    @Test
    void sizes() throws Exception {
        configure(5, 3);
        refuses(Errno.ENOSPC, () -> set(Attribute.COMPONENT_SIZE, 4096));
        set(Attribute.ARRAY_STATE, "readonly");
        refuses(Errno.E2BIG, () -> set(Attribute.ARRAY_SIZE, 4097));
        set(Attribute.ARRAY_SIZE, 4096);
        assertThat(get(Attribute.ARRAY_SIZE)).isEqualTo("4096");
        set(Attribute.ARRAY_SIZE, "default");
    }

    @Test
    void a_position_that_is_no_whole_step_does_not_start() throws Exception {
        configure(5, 3);
        set(Attribute.RESHAPE_POSITION, 100);
        set(Attribute.RAID_DISKS, 4);
        assertThat(get(Attribute.RAID_DISKS)).isEqualTo("4 (3)");
        add("d3", 3);
        refuses(Errno.EINVAL, () -> set(Attribute.ARRAY_STATE, "readonly"));
        set(Attribute.RESHAPE_POSITION, 384 * 6);
        set(Attribute.RAID_DISKS, 4);
        set(Attribute.ARRAY_STATE, "readonly");
        refuses(Errno.EBUSY, () -> set(Attribute.RESHAPE_POSITION, 0));
    }
}
