package io.restripe.node.cli;

import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.KernelActors;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** A reshape manager by itself, beside {@code monitor}. */
final class ManageVerb extends Verb {
    ManageVerb() {
        super("manage", "Manages the reshapes of a container that restripe monitor keeps, until none is left");
    }

    @Override
    boolean hidden() {
        return true;
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER[/VOLUME] [OPTION...] MEMBER...", "CONTAINER MEMBER", "Name and members");
        spec.addOption(value("N", "Members that there shall be", "-n", "--raid-devices"));
        spec.addOption(value("KIB", "Chunk that there shall be", "-c", "--chunk"));
        spec.addOption(value("LEVEL", "Level that there shall be", "-l", "--level"));
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        ArrayName name = ArrayName.parse(name(), line.first("the container"));
        GrowArguments wanted = new GrowArguments(
                name.volume(),
                line.number("--raid-devices", 1, 64),
                line.kib("--chunk"),
                line.level("--level"),
                NewFiles.NONE,
                List.of());
        new KernelActors(session.env(), session.run()).manage(name.container(), line.membersAfterFirst(), wanted);
        session.result(Json.map("done", true), name.container() + ": nothing is left to reshape.");
        return Main.OK;
    }
}
