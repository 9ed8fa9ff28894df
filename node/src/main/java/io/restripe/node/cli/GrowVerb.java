package io.restripe.node.cli;

import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.node.daemon.GrowArguments;
import io.restripe.node.daemon.PlanText;
import io.restripe.node.daemon.PolicyRequest;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;

/** Changes the shape of an array while it is in use. */
final class GrowVerb extends Verb {
    GrowVerb() {
        super("grow", "Change the shape of a running array: more members, another chunk, another level");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "CONTAINER[/VOLUME] [OPTION...] [--add MEMBER...]",
                "CONTAINER[/VOLUME]",
                "The array; without /VOLUME every volume of the container, one after the other. It comes before --add");
        spec.addOption(value("N", "Wanted number of members, parity included", "-n", "--raid-devices"));
        spec.addOption(value("KIB", "Wanted chunk in KiB", "-c", "--chunk"));
        spec.addOption(value("LEVEL", "Wanted level: 5, from RAID0 with one disk more", "-l", "--level"));
        PolicyOptions.describe(spec);
        spec.addOption(values(
                "MEMBER", "Disks to take in first, PATH, PATH@SERIAL or the URI of an NBD export", "-a", "--add"));
        newFiles(spec, "disks of --add");
        spec.addOption(flag("Only tell what would be done, or why not", "--plan"));
        spec.addOption(flag(
                "Wait until a resync or rebuild that is under way is done, begin, and stay to the end, with a progress bar;"
                        + " Ctrl-C leaves it going",
                "-w",
                "--wait"));
        spec.addOption(flag("Go on with a reshape that is paused or stands", "--continue"));
        spec.addOption(flag("Pause the reshape at its next checkpoint", "--pause"));
        spec.addOption(value(
                "KIB",
                "At most so many KiB a second, 0 for as fast as it goes; may be changed any time",
                "--speed-limit"));
        spec.addOption(value(
                "MS",
                "A write waits at most so many milliseconds for the reshape, as far as the disks allow it (default 50)",
                "--max-hold"));
        text(
                spec,
                "The command returns as soon as the reshape is durably begun; it goes on in the background and survives",
                "a power cut at any moment: assemble the array again and it goes on.",
                "",
                "A consistency policy changes at once, while the volume is in use; it must be whole, with nothing else under way.",
                "",
                "Examples: restripe grow c0/data --raid-devices=4 --add d.img --wait",
                "          restripe grow c0/data --consistency-policy=ppl");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        ArrayName array = ArrayName.parse(name(), line.first("CONTAINER[/VOLUME]"));
        line.atMost(1);
        GrowArguments wanted = new GrowArguments(
                array.volume(),
                line.number("--raid-devices", 1, 255),
                line.kib("--chunk"),
                line.level("--level"),
                line.newFiles(),
                Line.absolute(line.texts("--add")));
        check(line, wanted);
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            if (line.has("--plan")) {
                PlanText plan = PlanText.ofMap(client.call("plan", wanted.toMap()));
                session.result(plan.toMap(), String.join("\n", plan.lines()));
                return Main.OK;
            }
            perform(line, session, client, wanted);
            return report(line, session, client, array);
        }
    }

    private static void check(Line line, GrowArguments wanted) {
        boolean steering = line.has("--continue") || line.has("--pause");
        if (line.has("--continue") && line.has("--pause")) {
            throw line.usage("--continue, --pause", "one contradicts the other");
        }
        if (steering && !wanted.empty()) {
            throw line.usage(
                    line.has("--pause") ? "--pause" : "--continue",
                    "it is about a reshape that runs; give the new shape later");
        }
        boolean policy = PolicyOptions.wanted(line).isPresent();
        if (policy && (steering || !wanted.empty() || line.has("--plan"))) {
            throw line.usage("--consistency-policy, --bitmap", "they go with no change of shape; one after the other");
        }
        boolean shape = wanted.raidDisks().isPresent()
                || wanted.chunkKib().isPresent()
                || wanted.level().isPresent();
        boolean steers = steering || line.has("--speed-limit") || line.has("--max-hold") || line.has("--wait");
        if (!shape && !policy && !steers) {
            throw line.usage("options", "no new shape is given: --raid-devices, --chunk or --level");
        }
        if (line.has("--plan") && !shape) {
            throw line.usage("--plan", "no new shape is given: --raid-devices, --chunk or --level");
        }
    }

    private static void perform(Line line, Session session, HostClient client, GrowArguments wanted)
            throws ProblemException {
        if (line.has("--speed-limit")) {
            long kib = line.size("--speed-limit", Sizes.KIB) / Sizes.KIB;
            client.call("speed-limit", Json.map("kib", kib));
        }
        OptionalInt hold = line.number("--max-hold", 1, 60_000);
        if (hold.isPresent()) {
            client.call("max-hold", Json.map("nanos", TimeUnit.MILLISECONDS.toNanos(hold.getAsInt())));
        }
        Optional<ConsistencyPolicy> policy = PolicyOptions.wanted(line);
        if (policy.isPresent()) {
            if (line.has("--wait")) {
                awaitSyncs(session, client);
            }
            String from = PolicyOptions.dropsBitmap(line) ? ConsistencyPolicy.BITMAP.word() : "";
            client.call(
                    "policy", new PolicyRequest(wanted.volume(), policy.get().word(), from).toMap());
        }
        if (line.has("--wait") && !wanted.empty()) {
            awaitSyncs(session, client);
        }
        if (!wanted.empty()) {
            notes(session, Json.texts(client.call("grow", wanted.toMap()), "notes"));
        }
        if (line.has("--continue")) {
            client.call("resume", Map.of());
        }
        if (line.has("--pause")) {
            client.call("pause", Map.of());
        }
    }

    /** A reshape cannot begin before resyncs and rebuilds have ended. */
    private static void awaitSyncs(Session session, HostClient client) throws ProblemException {
        ContainerStatus status = client.status();
        boolean reshapes = status.volumes().stream()
                .anyMatch(v -> v.target().isPresent() || v.work().action().equals("reshape"));
        if (!reshapes && !status.idle()) {
            new Follower(session, client, new ArrayName(status.name(), "")).follow(Long.MAX_VALUE);
        }
    }

    private static int report(Line line, Session session, HostClient client, ArrayName array) throws ProblemException {
        ContainerStatus status =
                line.has("--wait") ? new Follower(session, client, array).follow(Long.MAX_VALUE) : client.status();
        String follow = line.has("--pause")
                ? "\nIt stops at its next checkpoint. Go on with it: restripe grow " + array + " --continue"
                : line.has("--wait") || status.idle()
                        ? ""
                        : "\nIt goes on in the background. Follow it: restripe wait " + array;
        session.result(status.toMap(), StatusText.brief(status) + follow);
        return Main.OK;
    }
}
