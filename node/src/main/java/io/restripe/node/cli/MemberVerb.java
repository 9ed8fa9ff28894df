package io.restripe.node.cli;

import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** add, fail and remove: one array and members, one request a member. */
final class MemberVerb extends Verb {
    private final String done;
    private final String explanation;
    private final boolean ofVolume;

    private MemberVerb(String name, String summary, String done, boolean ofVolume, String explanation) {
        super(name, summary);
        this.done = done;
        this.ofVolume = ofVolume;
        this.explanation = explanation;
    }

    static Verb add() {
        return new MemberVerb(
                "add",
                "Add disks to a running container as spares",
                "is a spare of",
                false,
                "A degraded volume begins to be rebuilt onto the spare at once.");
    }

    static Verb fail() {
        return new MemberVerb(
                "fail",
                "Mark members of a volume as failed",
                "is failed in",
                true,
                "The member is not used any more; what it lacks is rebuilt onto a spare when there is one. A member that the "
                        + "volume cannot lose is refused.");
    }

    static Verb remove() {
        return new MemberVerb(
                "remove",
                "Remove failed disks and spares from a running container",
                "is removed from",
                false,
                "A disk that is in use must be failed first.");
    }

    @Override
    void describe(CommandSpec spec) {
        String array = ofVolume ? "CONTAINER/VOLUME" : "CONTAINER";
        arguments(
                spec,
                array + " MEMBER...",
                array + " MEMBER",
                "The array, then members: "
                        + (name().equals("add")
                                ? "PATH, PATH@SERIAL or the URI of an NBD export"
                                : "their paths, URIs or serials"));
        if (name().equals("add")) {
            newFiles(spec, "disks");
            spec.addOption(flag("Overwrite what else the disks carry", "-f", "--force"));
        }
        text(spec, explanation);
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        String wanted = ofVolume ? "CONTAINER/VOLUME" : "CONTAINER";
        ArrayName array = ofVolume
                ? ArrayName.parseVolume(name(), line.first(wanted))
                : ArrayName.parse(name(), line.first(wanted));
        List<String> members = line.positionals().subList(1, line.positionals().size());
        if (members.isEmpty()) {
            throw line.usage("arguments", "members are missing");
        }
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            for (String member : members) {
                notes(session, Json.texts(client.call(name(), request(line, array, path(member))), "notes"));
                session.note(member + " " + done + " " + array);
            }
            ContainerStatus status = client.status();
            if (session.json()) {
                session.result(status.toMap(), "");
            }
        }
        return Main.OK;
    }

    private Map<String, Object> request(Line line, ArrayName array, String member) {
        Map<String, Object> request = Json.map("volume", array.volume(), "member", member);
        if (name().equals("add")) {
            request.put("force", line.has("--force"));
            line.newFiles().putInto(request);
        }
        return request;
    }

    /** A serial stays what it is; anything that is a path becomes absolute. */
    private String path(String member) {
        boolean isPath = name().equals("add") || member.contains("/") || Files.exists(Path.of(member));
        return isPath ? Line.absolute(List.of(member)).getFirst() : member;
    }
}
