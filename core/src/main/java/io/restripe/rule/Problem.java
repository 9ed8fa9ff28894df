package io.restripe.rule;

import java.util.Objects;

/**
 * Something told to a person: the same text in a log, in an exit message and on a page. No part is empty.
 *
 * @param what what did not happen ("cannot grow c0/v0")
 * @param where the object at fault: member, structure and offset, option ("member /d/2.img, sector 88064")
 * @param why the reason, with the numbers
 * @param remedy what to do about it, a command where there is one
 */
public record Problem(String what, String where, String why, String remedy) {
    public Problem {
        requireText(what, "what");
        requireText(where, "where");
        requireText(why, "why");
        requireText(remedy, "remedy");
    }

    private static void requireText(String text, String part) {
        Objects.requireNonNull(text, part);
        if (text.isBlank()) {
            throw new IllegalArgumentException("a Problem needs its part: " + part);
        }
    }

    /** One line: {@code what (where): why. remedy}. */
    public String text() {
        return what + " (" + where + "): " + why + ". " + remedy;
    }

    @Override
    public String toString() {
        return text();
    }
}
