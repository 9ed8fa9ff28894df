package io.restripe.node.cli;

import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import picocli.CommandLine.Model.CommandSpec;

/** Everything about one running container or volume. */
final class DetailVerb extends Verb {
    DetailVerb() {
        super("detail", "Tell everything about a running container or volume");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "CONTAINER[/VOLUME]", "CONTAINER[/VOLUME]", "Which");
    }

    @Override
    int run(Line line, Session session) throws ProblemException {
        ArrayName array = ArrayName.parse(name(), line.first("CONTAINER[/VOLUME]"));
        line.atMost(1);
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            ContainerStatus status = client.status();
            if (array.volume().isEmpty()) {
                session.result(status.toMap(), StatusText.detail(status));
            } else {
                VolumeStatus volume = volume(status, array);
                session.result(volume.toMap(), StatusText.detail(status, volume));
            }
        }
        return Main.OK;
    }

    static VolumeStatus volume(ContainerStatus status, ArrayName array) throws ProblemException {
        return status.volume(array.volume())
                .orElseThrow(() -> new ProblemException(new Problem(
                        "there is no " + array,
                        array.container(),
                        "its volumes are: "
                                + String.join(
                                        ", ",
                                        status.volumes().stream()
                                                .map(VolumeStatus::name)
                                                .toList()),
                        "Name one of them")));
    }
}
