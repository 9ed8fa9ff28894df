package io.restripe.consistency;

import java.util.Locale;
import java.util.Optional;

/** How a volume becomes consistent again after an unclean stop, by md's names ({@code consistency_policy}). */
public enum ConsistencyPolicy {
    /** Everything is compared and made equal. */
    RESYNC,
    /** A partial parity log says what was being written and gives its parity. RAID5 only. */
    PPL,
    /** A write-intent bitmap says where to compare, and nothing else is. */
    BITMAP;

    /** md's word. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The policy of md's word; empty for any other word. */
    public static Optional<ConsistencyPolicy> of(String word) {
        for (ConsistencyPolicy policy : values()) {
            if (policy.word().equals(word)) {
                return Optional.of(policy);
            }
        }
        return Optional.empty();
    }
}
