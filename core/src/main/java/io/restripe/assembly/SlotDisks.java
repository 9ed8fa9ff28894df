package io.restripe.assembly;

import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Which disk at hand fills which slot. */
public final class SlotDisks {
    private SlotDisks() {}

    /** One entry a slot; null where the slot is out of sync or its disk is not at hand. */
    public static List<MemberDisk> of(List<Slot> slots, Container container, Map<String, MemberDisk> disks) {
        List<MemberDisk> bySlot = new ArrayList<>();
        for (Slot slot : slots) {
            boolean known = slot.inSync()
                    && slot.disk() >= 0
                    && slot.disk() < container.disks().size();
            bySlot.add(known ? disks.get(container.disks().get(slot.disk()).serial()) : null);
        }
        return bySlot;
    }
}
