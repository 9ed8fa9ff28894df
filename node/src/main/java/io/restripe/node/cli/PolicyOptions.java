package io.restripe.node.cli;

import io.restripe.consistency.ConsistencyPolicy;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** How a volume is kept consistent, as mdadm's users say it: by a policy's word, or by where a bitmap is. */
final class PolicyOptions {
    private static final String POLICY = "--consistency-policy";
    private static final String BITMAP = "--bitmap";
    private static final String INTERNAL = "internal";
    private static final String NONE = "none";

    private PolicyOptions() {}

    static void describe(CommandSpec spec) {
        spec.addOption(Verb.value(
                "POLICY",
                "After an unclean stop: resync (the default); ppl: a partial parity log, RAID5 only; bitmap: as --bitmap=internal",
                "-k",
                POLICY));
        spec.addOption(Verb.value(
                "WHERE", "internal: a write-intent bitmap, so that a resync is short; none: no bitmap", "-b", BITMAP));
    }

    /** Empty when nothing is said of it. */
    static Optional<ConsistencyPolicy> wanted(Line line) {
        Optional<String> bitmap = line.text(BITMAP);
        Optional<String> word = line.text(POLICY);
        if (bitmap.isPresent()
                && !bitmap.get().equals(INTERNAL)
                && !bitmap.get().equals(NONE)) {
            throw line.usage(BITMAP, "\"" + bitmap.get() + "\" is not supported; internal and none are");
        }
        Optional<ConsistencyPolicy> byBitmap =
                bitmap.map(where -> where.equals(INTERNAL) ? ConsistencyPolicy.BITMAP : ConsistencyPolicy.RESYNC);
        if (word.isEmpty()) {
            return byBitmap;
        }
        ConsistencyPolicy policy = ConsistencyPolicy.of(word.get())
                .orElseThrow(() ->
                        line.usage(POLICY, "\"" + word.get() + "\" is not supported; resync, ppl and bitmap are"));
        if (bitmap.isPresent() && bitmap.get().equals(INTERNAL) != (policy == ConsistencyPolicy.BITMAP)) {
            throw line.usage(BITMAP, "it does not go with --consistency-policy=" + word.get());
        }
        return Optional.of(policy);
    }

    /** Whether all that is asked for is that there be no bitmap: any other policy stays. */
    static boolean dropsBitmap(Line line) {
        return line.text(BITMAP).filter(NONE::equals).isPresent()
                && line.text(POLICY).isEmpty();
    }
}
