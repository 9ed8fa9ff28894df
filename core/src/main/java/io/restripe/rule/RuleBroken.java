package io.restripe.rule;

/** A broken rule: a bug of ours. Nobody handles it; the owner stops and the array stands at its bound. */
public final class RuleBroken extends Error {
    private static final long serialVersionUID = 1L;
    private final Rule rule;

    public RuleBroken(Rule rule, String detail) {
        super(rule + " broken: " + detail);
        this.rule = rule;
    }

    public Rule rule() {
        return rule;
    }
}
