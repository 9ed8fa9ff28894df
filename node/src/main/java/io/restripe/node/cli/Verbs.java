package io.restripe.node.cli;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The list of verbs. An entry makes its verb only when asked: the command starts faster. */
final class Verbs {
    private record Entry(String name, Supplier<Verb> verb) {}

    private static final List<Entry> ENTRIES = List.of(
            new Entry("create", CreateVerb::new),
            new Entry("assemble", AssembleVerb::new),
            new Entry("stop", StopVerb::new),
            new Entry("examine", ExamineVerb::new),
            new Entry("check", CheckVerb::new),
            new Entry("detail", DetailVerb::new),
            new Entry("status", StatusVerb::new),
            new Entry("add", MemberVerb::add),
            new Entry("fail", MemberVerb::fail),
            new Entry("remove", MemberVerb::remove),
            new Entry("grow", GrowVerb::new),
            new Entry("wait", WaitVerb::new),
            new Entry("cat", CatVerb::new),
            new Entry("write", WriteVerb::new),
            new Entry("attach", AttachVerb::new),
            new Entry("detach", DetachVerb::new),
            new Entry("monitor", MonitorVerb::new),
            new Entry("demo", DemoVerb::new),
            new Entry("host", HostVerb::new),
            new Entry("manage", ManageVerb::new),
            new Entry("manual", ManualVerb::new));

    private Verbs() {}

    static Optional<Verb> find(String name) {
        return ENTRIES.stream().filter(e -> e.name.equals(name)).findFirst().map(e -> e.verb.get());
    }

    /** All that are for people, in the order of the overview. */
    static List<Verb> shown() {
        return ENTRIES.stream().map(e -> e.verb.get()).filter(v -> !v.hidden()).toList();
    }

    static String overview() {
        StringBuilder text = new StringBuilder(
                "Usage: restripe VERB [OPTION...] [ARGUMENT...]\nRAID arrays that change shape while in use.\n\n");
        for (Verb verb : shown()) {
            text.append(String.format("  %-9s %s%n", verb.name(), verb.summary()));
        }
        return text.append("""

                A running array is CONTAINER/VOLUME; a member is PATH or PATH@SERIAL.
                restripe VERB --help tells a verb's options. Every verb takes --json.
                Exit status: 0 done, 1 refused or failed, 2 command line not understood.
                """).toString();
    }
}
