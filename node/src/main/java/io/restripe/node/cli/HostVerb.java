package io.restripe.node.cli;

import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.HostMain;
import io.restripe.node.daemon.StartOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;

/** The host process itself: what {@code assemble} and {@code create} start in the background. */
final class HostVerb extends Verb {
    HostVerb() {
        super("host", "Hosts one running container; started by create and assemble");
    }

    @Override
    boolean hidden() {
        return true;
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "--name=CONTAINER [OPTION...] MEMBER...", "MEMBER", "Members");
        spec.addOption(value("CONTAINER", "Its name", "--name"));
        spec.addOption(flag("Write to no member", "--read-only"));
        spec.addOption(flag("Start with members missing", "--run"));
        spec.addOption(flag("Accept a doubtful state", "--force"));
        copyArea(spec);
        memberTimeout(spec);
        listen(spec);
        backend(spec);
        spec.addOption(flag("Members forget unflushed writes when the process dies", "--volatile-cache"));
    }

    /** The command line that gives these options. */
    static List<String> arguments(StartOptions options) {
        List<String> words = new ArrayList<>(List.of("--name=" + options.name()));
        if (options.readOnly()) {
            words.add("--read-only");
        }
        if (options.startDegraded()) {
            words.add("--run");
        }
        if (options.force()) {
            words.add("--force");
        }
        CopyAreas.word(options.copyArea()).ifPresent(word -> words.add("--copy-area=" + word));
        words.add("--member-timeout=" + TimeUnit.NANOSECONDS.toSeconds(options.memberTimeoutNanos()));
        options.listen().ifPresent(tcp -> {
            words.add("--listen=" + tcp.address());
            tcp.tls().ifPresent(folder -> words.add("--tls=" + folder));
            if (tcp.verifyClients()) {
                words.add("--tls-verify-clients");
            }
        });
        if (options.backend() != Backend.EMBEDDED) {
            words.add("--backend=" + options.backend().word());
        }
        if (options.volatileCache()) {
            words.add("--volatile-cache");
        }
        words.add("--");
        words.addAll(options.members());
        return words;
    }

    @Override
    int run(Line line, Session session) {
        String name = line.text("--name").orElseThrow(() -> line.usage("--name", "it is missing"));
        StartOptions options = new StartOptions(
                ArrayName.parse(name(), name).container(),
                Line.absolute(line.positionals()),
                line.has("--read-only"),
                line.has("--run"),
                line.has("--force"),
                line.copyArea(),
                line.memberTimeoutNanos(),
                line.listen(),
                line.backend().orElse(Backend.EMBEDDED),
                line.has("--volatile-cache"));
        return new HostMain(session.env(), session.run(), session.engine()).run(options, session.out());
    }
}
