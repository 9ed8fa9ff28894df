package io.restripe.reshape;

/** The monitor's answer. */
public sealed interface Reply {
    /** Done, and durable where the request says so. */
    record Ok() implements Reply {}

    /**
     * Not done; nothing changed.
     *
     * @param rule the rule, section or part of the format that forbids it
     * @param why in words, with the numbers
     */
    record Refused(String rule, String why) implements Reply {}
}
