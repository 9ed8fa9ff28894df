package io.restripe.node.cli;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.BackendChoice;
import io.restripe.node.daemon.CreateRequest;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** Makes a container with a volume, or a further volume in a running container. */
final class CreateVerb extends Verb {
    private static final int DEFAULT_CHUNK_KIB = 64;

    CreateVerb() {
        super("create", "Make a container with a volume on members, and start it");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "CONTAINER/VOLUME --level=LEVEL --raid-devices=N [OPTION...] MEMBER...",
                "CONTAINER/VOLUME MEMBER",
                "The array's name, then its members in slot order, PATH, PATH@SERIAL or the URI of an NBD export; those beyond --raid-devices become spares");
        spec.addOption(value("LEVEL", "0, 1, 5 or 10 (also raid5, stripe, mirror)", "-l", "--level"));
        spec.addOption(value("N", "Members of the volume, parity included", "-n", "--raid-devices"));
        spec.addOption(value(
                "LAYOUT", "mdadm's word; default, and all that IMSM has: left-asymmetric, n2 for RAID10", "--layout"));
        spec.addOption(value("KIB", "Chunk in KiB; default 64", "-c", "--chunk"));
        spec.addOption(value("SIZE", "Of each member, in KiB or with K, M, G; default: all there is", "-z", "--size"));
        spec.addOption(value("N", "Members that become spares: checked against the list", "-x", "--spare-devices"));
        spec.addOption(value("FORMAT", "Metadata format; imsm is the only one and the default", "-e", "--metadata"));
        PolicyOptions.describe(spec);
        newFiles(spec, "members");
        spec.addOption(flag("The members are equal already (or hold zeroes): no first resync", "--assume-clean"));
        spec.addOption(flag("Overwrite what else the members carry", "-f", "--force"));
        memberTimeout(spec);
        spec.addOption(flag("Make it and leave it stopped", "--no-start"));
        backend(spec);
        text(
                spec,
                "When CONTAINER is running, a further volume is made in it; without members it takes the container's",
                "disks in their order.",
                "",
                "Example: restripe create c0/data --level=5 --raid-devices=3 --file-size=1G a.img b.img c.img");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        ArrayName array = ArrayName.parseVolume(name(), line.first("CONTAINER/VOLUME"));
        CreateRequest request = request(line, array);
        long timeout = line.memberTimeoutNanos();
        if (session.run().alive(array.container())) {
            if (line.has("--no-start")) {
                throw line.usage("--no-start", array.container() + " is running; a volume made in it runs too");
            }
            try (HostClient client = HostClient.connect(session.run(), array.container())) {
                refuseOther(line, array, client.status());
                client.call("create", request.toMap());
                report(session, array, client.status());
            }
            return Main.OK;
        }
        if (request.members().isEmpty()) {
            throw line.usage("members", array.container() + " is not running: name the members to make it on");
        }
        if (line.has("--no-start") && line.has("--backend")) {
            throw line.usage("--backend", "with --no-start nothing runs yet: say it to restripe assemble");
        }
        BackendChoice choice = session.engine().backendFor(array.container(), request, line.backend());
        notes(session, session.engine().create(request));
        if (line.has("--no-start")) {
            session.result(
                    Json.map("created", array.toString(), "running", false),
                    array + " is made, and not running. Start it: restripe assemble " + array.container() + " "
                            + String.join(" ", request.members()));
            return Main.OK;
        }
        StartOptions options = StartOptions.normal(array.container(), request.members(), timeout)
                .withBackend(choice.backend());
        report(
                session,
                array,
                new HostStarter(session.run(), session.variables())
                        .start(options, true)
                        .withNote(choice.note())
                        .status());
        return Main.OK;
    }

    /** All volumes of a container are run by one. */
    private static void refuseOther(Line line, ArrayName array, ContainerStatus status) throws ProblemException {
        Optional<Backend> told = line.backend();
        if (told.isPresent() && !told.get().word().equals(status.backend())) {
            throw new ProblemException(new Problem(
                    "cannot create " + array + " with --backend=" + told.get().word(),
                    "container " + array.container(),
                    "it runs with --backend=" + status.backend() + ", and all of its volumes are run by one",
                    "Leave --backend out; or stop it and assemble it with --backend="
                            + told.get().word()));
        }
    }

    private static void report(Session session, ArrayName array, ContainerStatus status) {
        session.result(status.toMap(), array + " is made and running.\n" + StatusText.noted(status));
    }

    private static int layout(Line line, int level) {
        try {
            return line.text("--layout").map(text -> Layouts.parse(level, text)).orElseGet(() -> Layouts.usual(level));
        } catch (IllegalArgumentException e) {
            throw line.usage("--layout", e.getMessage());
        }
    }

    private static CreateRequest request(Line line, ArrayName array) {
        String format = line.text("--metadata").orElse("imsm");
        if (!format.equals("imsm")) {
            throw line.usage("--metadata", "\"" + format + "\" is not supported; imsm is");
        }
        int level = line.level("--level").orElseThrow(() -> line.usage("--level", "it is missing"));
        List<String> members = line.membersAfterFirst();
        int spares = line.number("--spare-devices", 0, 255).orElse(-1);
        int devices =
                line.number("--raid-devices", 1, 255).orElseThrow(() -> line.usage("--raid-devices", "it is missing"));
        if (!members.isEmpty() && members.size() < devices) {
            throw line.usage("--raid-devices", devices + " members are needed, " + members.size() + " are named");
        }
        if (spares >= 0 && !members.isEmpty() && members.size() != devices + spares) {
            throw line.usage(
                    "--spare-devices",
                    devices + " members and " + spares + " spares are not the " + members.size() + " that are named");
        }
        CreateRequest request = new CreateRequest(
                array.volume(),
                level,
                layout(line, level),
                devices,
                line.kib("--chunk").orElse(DEFAULT_CHUNK_KIB),
                line.size("--size", Sizes.KIB) / Sizes.KIB,
                members,
                line.newFiles(),
                line.has("--assume-clean"),
                line.has("--force"),
                PolicyOptions.wanted(line).orElse(ConsistencyPolicy.RESYNC));
        try {
            request.geometry();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw line.usage("--level, --raid-devices, --chunk", e.getMessage());
        }
        return request;
    }
}
