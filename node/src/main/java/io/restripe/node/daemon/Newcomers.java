package io.restripe.node.daemon;

import io.restripe.assembly.Labelling;
import io.restripe.metadata.MemberDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The disks that one request wants to bring into a container: opened, their files made where there were none, those on servers labelled.
 * Closing this closes those that were not kept, takes their labels back and removes the files that were made for them, so that a request that is refused leaves nothing behind. Owner: one
 * thread.
 */
final class Newcomers implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");

    private final List<MemberDisk> disks = new ArrayList<>();
    private final Map<MemberDisk, Path> files = new LinkedHashMap<>();
    private final List<Path> unopened = new ArrayList<>();
    private Optional<Labelling> labelling = Optional.empty();

    /** A file has been made; it is removed again unless the next disk, opened from it, is kept. */
    void made(Path file) {
        unopened.add(file);
    }

    void opened(MemberDisk disk) {
        disks.add(disk);
        if (!unopened.isEmpty()) {
            files.put(disk, unopened.removeLast());
        }
    }

    /** Labels have been written; they are taken back unless the disk is kept. */
    void labelled(Labelling labels) {
        labelling = Optional.of(labels);
    }

    /** Those that are not kept yet, in the order of the request. */
    List<MemberDisk> disks() {
        return List.copyOf(disks);
    }

    /** The disk belongs to the container now. */
    void keep(MemberDisk disk) {
        disks.remove(disk);
        files.remove(disk);
        labelling.ifPresent(labels -> labels.keep(disk));
    }

    /** Files and labels stay when this is closed; the disks are closed all the same. */
    void keepFiles() {
        files.clear();
        labelling = Optional.empty();
    }

    @Override
    public void close() {
        labelling.ifPresent(Labelling::undo);
        disks.forEach(disk -> disk.disk().close());
        files.values().forEach(Newcomers::remove);
        unopened.forEach(Newcomers::remove);
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // A file of ours stays behind; the refusal that is under way matters more.
            LOG.log(System.Logger.Level.WARNING, "cannot remove {0}: {1}", file, e.getMessage());
        }
    }
}
