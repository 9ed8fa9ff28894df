package io.restripe.array.kernel;

import io.restripe.os.Errno;
import io.restripe.os.SystemCallException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The attributes of one md object. Once the object has gone it has gone for good, although another one may have got its name: whether it
 * is still there is asked of the descriptor of {@code array_state} that was opened first. Any thread.
 */
final class MdFolder {
    private static final String STATE = "array_state";
    private static final String MEMBER = "dev-";

    private final String kernelName;
    private final Path folder;
    private final Map<String, AttributeFile> files = new ConcurrentHashMap<>();
    private final AttributeFile state;
    private volatile boolean gone;

    /** @param kernelName such as md126; the object that has this name now is meant */
    MdFolder(String kernelName) {
        this.kernelName = kernelName;
        this.folder = MdObjects.BLOCK.resolve(kernelName).resolve("md");
        this.state = new AttributeFile(folder.resolve(STATE));
        isThere(); // opens it
    }

    String kernelName() {
        return kernelName;
    }

    Path path(String attribute) {
        return folder.resolve(attribute);
    }

    String read(String attribute) throws SystemCallException {
        refuseGone(attribute);
        try {
            return file(attribute).read(this::isThere);
        } catch (SystemCallException e) {
            throw noteGone(attribute, e);
        }
    }

    /** On the descriptor that is kept: for writes that md carries out at once, and no others, and for one thread. */
    void writeOnKept(String attribute, String value) throws SystemCallException {
        refuseGone(attribute);
        try {
            file(attribute).writeOnKept(value, this::isThere);
        } catch (SystemCallException e) {
            throw noteGone(attribute, e);
        }
    }

    /** On a descriptor of its own: may block as long as it likes, and keeps nobody else waiting. */
    void write(String attribute, String value) throws SystemCallException {
        refuseGone(attribute);
        try {
            file(attribute).write(value, this::isThere);
        } catch (SystemCallException e) {
            throw noteGone(attribute, e);
        }
    }

    private AttributeFile file(String attribute) {
        return files.computeIfAbsent(attribute, name -> new AttributeFile(folder.resolve(name)));
    }

    private void refuseGone(String attribute) throws SystemCallException {
        if (gone) {
            throw new SystemCallException(folder.resolve(attribute) + ": the array has gone", Errno.ENODEV);
        }
    }

    /** While it is being torn down reads give EBUSY, then ENODEV; then the folder is not there (docs/md-control.md, section 1). */
    private SystemCallException noteGone(String attribute, SystemCallException e) {
        boolean mayBeGone = e.errno() == Errno.ENOENT || e.errno() == Errno.ENODEV || e.errno() == Errno.EBUSY;
        if (mayBeGone && !isThere()) {
            gone = true;
            return new SystemCallException(folder.resolve(attribute) + ": the array has gone", Errno.ENODEV);
        }
        return e;
    }

    /** An object's state is there as long as the object: the descriptor on it tells the object from a later one of the same name. */
    boolean isThere() {
        try {
            state.readFirst();
            return true;
        } catch (SystemCallException e) {
            return false;
        }
    }

    /** Kernel names of the members. */
    List<String> devices() throws SystemCallException {
        refuseGone("dev-*");
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> members = Files.newDirectoryStream(folder, MEMBER + "*")) {
            members.forEach(member -> found.add(member.getFileName().toString().substring(MEMBER.length())));
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            throw noteGone("dev-*", new SystemCallException("list " + folder + ": " + e, Errno.ENODEV));
        }
        if (!isThere()) {
            throw noteGone("dev-*", new SystemCallException("list " + folder, Errno.ENODEV)); // another object's
        }
        return found;
    }

    static String member(String device, String attribute) {
        return MEMBER + device + "/" + attribute;
    }

    void close() {
        files.values().forEach(AttributeFile::close);
        state.close();
    }
}
