package io.restripe.metadata.imsm;

import io.restripe.rule.Finding;
import io.restripe.rule.Finding.Kind;
import io.restripe.rule.Finding.Severity;
import io.restripe.rule.Problem;
import java.util.ArrayList;
import java.util.List;

/** Where the parts of an inspection put what they find. */
final class Findings {
    private static final String MADE_WRONG =
            "Do not write to it. Keep copies of the members' ends, and have the metadata repaired by what made it";
    private static final String NEXT_WRITE = "Nothing: the next change of the metadata puts it right";

    private final List<Finding> all = new ArrayList<>();

    List<Finding> all() {
        return all;
    }

    void add(Severity severity, Kind kind, String what, String where, String why, String remedy) {
        all.add(new Finding(severity, kind, new Problem(what, where, why, remedy)));
    }

    /** Something that no correct writer leaves. */
    void wrong(Kind kind, String what, String where, String why) {
        add(Severity.ERROR, kind, what, where, why, MADE_WRONG);
    }

    /** Something that is not as it should be and does no harm until it is written anew. */
    void odd(Kind kind, String what, String where, String why) {
        add(Severity.WARNING, kind, what, where, why, NEXT_WRITE);
    }
}
