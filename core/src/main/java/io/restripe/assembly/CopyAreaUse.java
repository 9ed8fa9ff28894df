package io.restripe.assembly;

/** What is done with a copy area whose bytes do not settle what it holds: ask, or what somebody has decided who knows more. */
public enum CopyAreaUse {
    /** Refuse, saying what stands against either reading. */
    ASK,
    /** The disk of a slot holds the slot's part, as the format wants it and this product writes it. */
    BY_SLOT,
    /** The disk of a table index holds the part of the slot of that number, as real mdadm writes it. */
    BY_INDEX,
    /** It holds nothing of the unit that is due: where the records are in doubt, the unit is still in its old place. */
    UNUSED
}
