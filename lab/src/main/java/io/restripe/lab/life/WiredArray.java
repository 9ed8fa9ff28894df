package io.restripe.lab.life;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Errno;
import io.restripe.array.MemberAttribute;
import java.io.IOException;
import java.util.List;

/** An array in another simulated process, as {@code io.restripe.array.remote} has it across a socket. */
final class WiredArray implements ArrayControl {
    private final ArrayControl array;
    private final Wire wire;
    private final boolean holds;

    /** @param holds it has no way to let writes through that are suspended, as Linux md has none */
    WiredArray(ArrayControl array, Wire wire, boolean holds) {
        this.array = array;
        this.wire = wire;
        this.holds = holds;
    }

    private <T> T call(String what, String value, Wire.Call<T> call) throws AttributeException {
        try {
            return wire.call(what, call);
        } catch (AttributeException e) {
            throw e;
        } catch (IOException e) {
            throw new AttributeException(name(), what, value, Errno.ENODEV, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public String name() {
        return array.name();
    }

    @Override
    public String read(Attribute attribute) throws AttributeException {
        if (holds && attribute == Attribute.WRITE_THROUGH) {
            throw new AttributeException(name(), attribute.mdName(), null, Errno.ENOENT, "there is none here");
        }
        return call(attribute.mdName(), null, () -> array.read(attribute));
    }

    @Override
    public void write(Attribute attribute, String value) throws AttributeException {
        call(attribute.mdName(), value, () -> {
            array.write(attribute, value);
            return value;
        });
    }

    @Override
    public List<String> members() {
        try {
            return call("members", null, array::members);
        } catch (AttributeException e) {
            return List.of();
        }
    }

    @Override
    public void addMember(String member) throws AttributeException {
        call("new_dev", member, () -> {
            array.addMember(member);
            return member;
        });
    }

    @Override
    public String read(String member, MemberAttribute attribute) throws AttributeException {
        return call("dev-" + member, null, () -> array.read(member, attribute));
    }

    @Override
    public void write(String member, MemberAttribute attribute, String value) throws AttributeException {
        call("dev-" + member, value, () -> {
            array.write(member, attribute, value);
            return value;
        });
    }

    /** Wakes are the scheduler's business: they come at once, and as late as the woken thread gets its turn. */
    @Override
    public Runnable subscribe(Runnable wake) {
        return array.subscribe(wake);
    }
}
