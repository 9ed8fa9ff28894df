package io.restripe.lab.mutant;

import java.util.List;

/**
 * A deliberate break.
 *
 * @param name unique
 * @param breaks what it breaks, in words that begin with a rule's name where it is one: "R2 ..."
 * @param changes to the sources
 * @param probes that should catch it, the likeliest first
 */
record Mutant(String name, String breaks, List<Change> changes, List<String> probes) {
    /**
     * A change of one file.
     *
     * @param file path from the top of the source tree
     * @param find text that occurs exactly once
     * @param replace what stands there instead
     */
    record Change(String file, String find, String replace) {
        String applyTo(String source) {
            int at = source.indexOf(find);
            if (at < 0 || source.indexOf(find, at + 1) >= 0) {
                throw new IllegalStateException(
                        file + (at < 0 ? " does not have" : " has more than once") + ": " + find);
            }
            return source.substring(0, at) + replace + source.substring(at + find.length());
        }
    }
}
