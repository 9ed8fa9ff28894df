package io.restripe.array;

import java.util.List;

/** Typed reading and writing of an array's attributes: md's texts at one border only. Any thread; keeps nothing. */
public final class Attributes {
    /** What {@code none} reads as. */
    public static final long NONE = -1;

    /** What {@code max} and {@code none} of an end position read and are written as. */
    public static final long MAX = Long.MAX_VALUE;

    private final ArrayControl control;

    public Attributes(ArrayControl control) {
        this.control = control;
    }

    public ArrayControl control() {
        return control;
    }

    /** The text, or {@code absent} where the level or the state has no such attribute. */
    public String textOr(Attribute attribute, String absent) throws AttributeException {
        try {
            return control.read(attribute);
        } catch (AttributeException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENODEV) {
                return absent;
            }
            throw e;
        }
    }

    /** {@code clear} where the array is being torn down. */
    public String arrayState() throws AttributeException {
        return textOr(Attribute.ARRAY_STATE, "clear");
    }

    /** {@code idle} on levels that never sync. */
    public String syncAction() throws AttributeException {
        return textOr(Attribute.SYNC_ACTION, "idle");
    }

    /** A number; {@code NEW (OLD)} gives NEW; {@code none} gives {@link #NONE}, {@code max} gives {@link #MAX}. */
    public long number(Attribute attribute) throws AttributeException {
        return parse(attribute, control.read(attribute));
    }

    /** As {@link #number}, and {@code absent} where there is no such attribute. */
    public long numberOr(Attribute attribute, long absent) throws AttributeException {
        String text = textOr(attribute, "");
        return text.isEmpty() ? absent : parse(attribute, text);
    }

    /** Device sectors done of the running sync, {@link #NONE} when none runs or it is delayed. */
    public long syncCompleted() throws AttributeException {
        String text = textOr(Attribute.SYNC_COMPLETED, "none");
        if (text.equals("none") || text.equals("delayed")) {
            return NONE;
        }
        int slash = text.indexOf('/');
        return parse(Attribute.SYNC_COMPLETED, slash < 0 ? text : text.substring(0, slash));
    }

    private long parse(Attribute attribute, String text) throws AttributeException {
        String word = text.strip();
        int space = word.indexOf(' ');
        if (space > 0) {
            word = word.substring(0, space);
        }
        if (word.equals("none")) {
            return NONE;
        }
        if (word.equals("max")) {
            return MAX;
        }
        try {
            return Long.parseLong(word);
        } catch (NumberFormatException e) {
            throw new AttributeException(
                    control.name(), attribute.mdName(), null, Errno.EIO, "not a number: \"" + text + "\"");
        }
    }

    public void set(Attribute attribute, long value) throws AttributeException {
        control.write(attribute, Long.toString(value));
    }

    public void set(Attribute attribute, String value) throws AttributeException {
        control.write(attribute, value);
    }

    /** Lifts the suspension of writes, whatever it was, without an instant in which everything is suspended. */
    public void clearSuspension() throws AttributeException {
        set(Attribute.SUSPEND_LO, MAX);
        set(Attribute.SUSPEND_HI, 0);
        set(Attribute.SUSPEND_LO, 0);
    }

    /** The words of a member's state. */
    public List<String> memberState(String member) throws AttributeException {
        return List.of(control.read(member, MemberAttribute.STATE).split(","));
    }

    /** A list of bad blocks of a member; {@link BadBlockList#NONE} where it keeps none. */
    public BadBlockList badBlocks(String member, MemberAttribute which) throws AttributeException {
        return BadBlockList.parse(control.name(), which.mdName(), control.read(member, which));
    }

    /** The slot of a member, {@link #NONE} without one. */
    public long memberSlot(String member) throws AttributeException {
        String text = control.read(member, MemberAttribute.SLOT).strip();
        return text.equals("none") || text.equals("journal") ? NONE : Long.parseLong(text);
    }
}
