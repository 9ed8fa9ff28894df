package io.restripe.array.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.array.ArrayControl;
import io.restripe.array.ArrayControlContract;
import io.restripe.array.Attribute;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The embedded array keeps the contract of an array's control surface. */
class EmbeddedArrayControlTest extends ArrayControlContract {
    private final ArrayFixture fixture = new ArrayFixture(4096, 5);

    @Override
    protected ArrayControl array() {
        return fixture.array;
    }

    @AfterEach
    void end() {
        fixture.close();
    }

    /** The kernel refuses it only while a write is held: docs/md-control.md, section 2. */
    @Test
    void an_array_that_waits_to_be_marked_dirty_neither_stops_nor_counts_as_clean() throws Exception {
        run(5, 3);
        array().write("d1", MemberAttribute.STATE, "faulty");
        refuses(Errno.EBUSY, () -> set(Attribute.ARRAY_STATE, "inactive"));
        refuses(Errno.EBUSY, () -> set(Attribute.ARRAY_STATE, "clean"));
        assertThat(get(Attribute.ARRAY_STATE)).isEqualTo("write-pending");
    }
}
