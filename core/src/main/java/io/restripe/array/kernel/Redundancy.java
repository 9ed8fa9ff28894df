package io.restripe.array.kernel;

import io.restripe.array.ArrayControl;
import io.restripe.array.Attribute;
import io.restripe.array.AttributeException;
import io.restripe.array.Attributes;
import java.util.List;

/** What an array can do without, by its attributes at this moment. Keeps nothing. */
final class Redundancy {
    private static final int COPIES_MASK = 0xff;

    private final ArrayControl control;
    private final Attributes attributes;

    Redundancy(ArrayControl control) {
        this.control = control;
        this.attributes = new Attributes(control);
    }

    /** Whether contents would be lost with this member. */
    boolean needs(String member) throws AttributeException {
        if (!control.members().contains(member) || !isInSync(member)) {
            return false;
        }
        String level = control.read(Attribute.LEVEL);
        return switch (level) {
            case "raid4", "raid5" -> attributes.number(Attribute.DEGRADED) >= 1;
            case "raid6" -> attributes.number(Attribute.DEGRADED) >= 2;
            case "raid1" -> inSync() <= 1;
            case "raid10" -> !hasPartner(member);
            default -> true;
        };
    }

    private boolean isInSync(String member) throws AttributeException {
        List<String> words = attributes.memberState(member);
        return words.contains("in_sync") && !words.contains("faulty");
    }

    private int inSync() throws AttributeException {
        int count = 0;
        for (String member : control.members()) {
            count += isInSync(member) ? 1 : 0;
        }
        return count;
    }

    /** Near copies lie in neighbouring slots; of other layouts no member is given up while one is missing. */
    private boolean hasPartner(String member) throws AttributeException {
        long copies = attributes.number(Attribute.LAYOUT) & COPIES_MASK;
        long disks = attributes.number(Attribute.RAID_DISKS);
        if (copies < 2 || disks % copies != 0) {
            return attributes.number(Attribute.DEGRADED) == 0;
        }
        long group = attributes.memberSlot(member) / copies;
        for (String other : control.members()) {
            long slot = attributes.memberSlot(other);
            if (!other.equals(member) && slot >= 0 && slot / copies == group && isInSync(other)) {
                return true;
            }
        }
        return false;
    }
}
