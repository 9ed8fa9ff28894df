package io.restripe.node.cli;

import io.restripe.disk.DiskException;
import io.restripe.node.daemon.HostedContainer;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.daemon.VolumeBytes;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** The contents of an array to standard output: of a running one, or strictly read-only from the members alone. */
final class CatVerb extends Verb {
    private static final int BLOCK_BYTES = 1 << 20;

    CatVerb() {
        super("cat", "Write the contents of an array to standard output");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(
                spec,
                "(CONTAINER/VOLUME | [--volume=NAME] MEMBER...) [OPTION...]",
                "CONTAINER/VOLUME | MEMBER",
                "A running array, or the members of one that does not run");
        spec.addOption(
                value("NAME", "Which volume of the members' container; not needed when it has only one", "--volume"));
        spec.addOption(value("BYTES", "Where to begin; also with K, M, G or s (sectors of 512 bytes)", "--offset"));
        spec.addOption(value("BYTES", "How much; default: to the end", "--length"));
        copyArea(spec);
        text(
                spec,
                "From members alone nothing is written anywhere: the files are opened read-only. Half-way reshapes are",
                "read through their copy area.");
    }

    @Override
    int run(Line line, Session session) throws ProblemException, IOException {
        String first = line.first("CONTAINER/VOLUME or MEMBER");
        long offset = line.size("--offset", Sizes.BYTE);
        long length = line.has("--length") ? line.size("--length", Sizes.BYTE) : -1;
        boolean running = line.positionals().size() == 1
                && !line.has("--volume")
                && ArrayName.isVolume(first)
                && !Files.exists(Path.of(first));
        if (running && line.has("--copy-area")) {
            throw line.usage("--copy-area", "a running array has decided that already: it is about members alone");
        }
        if (!running) {
            offline(line, session, offset, length);
            return Main.OK;
        }
        ArrayName array = ArrayName.parseVolume(name(), first);
        try (HostClient client = HostClient.connect(session.run(), array.container())) {
            client.read(array.volume(), offset, length, Channels.newChannel(session.data()));
        }
        return Main.OK;
    }

    private void offline(Line line, Session session, long offset, long length) throws ProblemException, IOException {
        StartOptions options = StartOptions.view("offline", Line.absolute(line.positionals()), line.copyArea());
        HostedContainer container = session.engine().start(options);
        try {
            String volume = chosen(line, container.status());
            tell(session, container.status(), volume);
            VolumeBytes bytes = new VolumeBytes(session.env(), container.volume(volume));
            copy(bytes, offset, length, session);
        } catch (DiskException e) {
            if (e.getCause() instanceof ProblemException refusal) {
                throw refusal; // not a failing disk, but contents that cannot be told
            }
            throw new ProblemException(
                    new Problem(
                            "cannot read the array to its end",
                            e.disk(),
                            e.getMessage(),
                            "Name all members that there are; one that fails can be left out when the level allows it"),
                    e);
        } finally {
            container.stop();
        }
    }

    /** What the contents are put together from. */
    private static void tell(Session session, ContainerStatus status, String volume) {
        notes(session, status.notes());
        status.members().stream()
                .filter(m -> m.status().equals("member") && m.path().isEmpty())
                .forEach(m -> session.note(
                        "note: member " + m.serial() + " is missing; what it held is put together from the others"));
        status.volume(volume).ifPresent(v -> {
            if (v.degraded() > 0) {
                session.note("note: " + volume + " is degraded: " + v.degraded() + " of "
                        + v.shape().raidDevices() + " members are not in sync");
            }
            v.target().ifPresent(t -> session.note("note: " + volume + " is half-way to " + StatusText.shape(t)));
        });
    }

    private static String chosen(Line line, ContainerStatus status) throws ProblemException {
        List<String> names = status.volumes().stream().map(VolumeStatus::name).toList();
        String wanted = line.text("--volume").orElse(names.size() == 1 ? names.getFirst() : "");
        if (names.contains(wanted)) {
            return wanted;
        }
        throw new ProblemException(new Problem(
                wanted.isEmpty() ? "cannot tell which volume is meant" : "there is no volume " + wanted,
                "container " + status.uuid(),
                names.isEmpty() ? "it has no volume" : "its volumes are: " + String.join(", ", names),
                "Name one of them with --volume"));
    }

    private static void copy(VolumeBytes bytes, long offset, long length, Session session)
            throws ProblemException, IOException {
        long size = bytes.sizeBytes();
        if (offset > size || length > size - offset) {
            throw new ProblemException(new Problem(
                    "cannot read behind the end of the volume",
                    "byte " + offset,
                    "the volume has " + size + " bytes",
                    "Choose a smaller --offset or --length"));
        }
        long end = length < 0 ? size : offset + length;
        byte[] block = new byte[BLOCK_BYTES];
        try (Arena arena = Arena.ofShared()) {
            MemorySegment scratch = arena.allocate((long) BLOCK_BYTES + bytes.slackBytes(), 4096);
            for (long at = offset; at < end; ) {
                int count = (int) Math.min(BLOCK_BYTES, end - at);
                MemorySegment.copy(bytes.read(at, count, scratch), 0, MemorySegment.ofArray(block), 0, count);
                session.data().write(block, 0, count);
                at += count;
            }
        }
    }
}
