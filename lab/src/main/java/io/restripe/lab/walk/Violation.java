package io.restripe.lab.walk;

import io.restripe.rule.Rule;

/** A rule that a step or a state breaks. */
final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Rule rule;

    Violation(Rule rule, String what) {
        super(rule + ": " + what, null, false, false);
        this.rule = rule;
    }

    Rule rule() {
        return rule;
    }

    static void unless(boolean kept, Rule rule, String what) {
        if (!kept) {
            throw new Violation(rule, what);
        }
    }
}
