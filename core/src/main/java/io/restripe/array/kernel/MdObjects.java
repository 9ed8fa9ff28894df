package io.restripe.array.kernel;

import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemCallException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The md objects of this system: which there are, and new ones (docs/md-control.md, section 1). Stateless. */
final class MdObjects {
    static final Path BLOCK = Path.of("/sys/block");
    private static final Path MODULE = Path.of("/sys/module/md_mod/parameters");
    private static final Path DEVICES = Path.of("/sys/dev/block");
    /** Where mdadm begins to number, downwards, what has no name of its own. */
    private static final int FIRST_NUMBER = 127;

    static final int MD_MAJOR = 9;

    private static final int LOW_MINOR = 0xff;
    private static final int MINOR_SHIFT = 12;

    private MdObjects() {}

    /** Names of the md objects that there are, with the text of {@code metadata_version}. */
    static Map<String, String> all() throws SystemCallException {
        Map<String, String> found = new LinkedHashMap<>();
        try (DirectoryStream<Path> objects = Files.newDirectoryStream(BLOCK, "md*")) {
            for (Path object : objects) {
                version(object).ifPresent(text -> found.put(object.getFileName().toString(), text));
            }
        } catch (IOException e) {
            throw new SystemCallException("list " + BLOCK + ": " + e, Errno.EIO);
        }
        return found;
    }

    private static Optional<String> version(Path object) {
        try {
            return Optional.of(
                    Files.readString(object.resolve("md/metadata_version")).strip());
        } catch (IOException e) {
            return Optional.empty(); // it is going away, or is no md object
        }
    }

    /** Whether an object has been started and not been stopped. */
    static boolean runs(String kernelName) {
        try {
            String state = Files.readString(BLOCK.resolve(kernelName).resolve("md/array_state"))
                    .strip();
            return !state.equals("clear") && !state.equals("inactive");
        } catch (IOException e) {
            return false; // it has gone
        }
    }

    /** Makes an empty object, in state clear, under a name that is free. */
    static MdFolder create() throws SystemCallException {
        AttributeFile parameter = new AttributeFile(MODULE.resolve("new_array"));
        try {
            for (int number = FIRST_NUMBER; number >= 0; number--) {
                String name = "md" + number;
                if (Files.exists(BLOCK.resolve(name))) {
                    continue;
                }
                try {
                    parameter.writeOnKept(name, () -> true);
                    return new MdFolder(name);
                } catch (SystemCallException e) {
                    if (e.errno() != Errno.EEXIST) {
                        throw e;
                    }
                }
            }
        } finally {
            parameter.close();
        }
        throw new SystemCallException("no md name up to md" + FIRST_NUMBER + " is free", Errno.EBUSY);
    }

    /** What the kernel calls a block device, with / as !; as in the names of member folders. */
    static String kernelName(Path device) throws SystemCallException {
        FileStatus status = FileStatus.of(device);
        if (status.kind() != FileStatus.Kind.BLOCK_DEVICE) {
            throw new SystemCallException(device + " is no block device", Errno.ENODEV);
        }
        try {
            Path folder = DEVICES.resolve(number(status)).toRealPath();
            return folder.getFileName().toString();
        } catch (IOException e) {
            throw new SystemCallException("look for " + device + " in " + DEVICES + ": " + e, Errno.ENODEV);
        }
    }

    /** MAJOR:MINOR of a block device. */
    static String number(Path device) throws SystemCallException {
        FileStatus status = FileStatus.of(device);
        if (status.kind() != FileStatus.Kind.BLOCK_DEVICE) {
            throw new SystemCallException(device + " is no block device", Errno.ENODEV);
        }
        return number(status);
    }

    /** The number of a block device as the kernel's older calls have it, minor numbers above 255 on top of the major one. */
    static long deviceNumber(Path device) throws SystemCallException {
        FileStatus status = FileStatus.of(device);
        long minor = status.identity().minor();
        long low = minor & LOW_MINOR;
        return (minor - low) << MINOR_SHIFT | (long) status.identity().major() << Byte.SIZE | low;
    }

    private static String number(FileStatus status) {
        return status.identity().major() + ":" + status.identity().minor();
    }

    /** Minor number of an object. */
    static int minor(String kernelName) throws SystemCallException {
        try {
            String number =
                    Files.readString(BLOCK.resolve(kernelName).resolve("dev")).strip();
            return Integer.parseInt(number.substring(number.indexOf(':') + 1));
        } catch (IOException | NumberFormatException e) {
            throw new SystemCallException("number of " + kernelName + ": " + e, Errno.ENODEV);
        }
    }

    /** Numbers of volumes to names of objects that belong to a container, whatever somebody says is being done with them. */
    static Map<Integer, String> volumesOf(String container) throws SystemCallException {
        Map<Integer, String> found = new LinkedHashMap<>();
        for (Map.Entry<String, String> object : all().entrySet()) {
            for (String use : List.of("/", "-")) {
                String prefix = "external:" + use + container + "/";
                String text = object.getValue();
                if (text.startsWith(prefix)
                        && !text.substring(prefix.length()).isEmpty()
                        && text.substring(prefix.length()).chars().allMatch(Character::isDigit)) {
                    found.put(Integer.parseInt(text.substring(prefix.length())), object.getKey());
                }
            }
        }
        return found;
    }

    /** Names of a container's volumes that somebody has claimed for a change: their version begins with a minus. */
    static List<String> claimed(String container) throws SystemCallException {
        List<String> found = new ArrayList<>();
        all().forEach((name, version) -> {
            if (version.startsWith("external:-" + container + "/")) {
                found.add(name);
            }
        });
        return found;
    }

    /** Whether an mdadm is at work; one that only watches arrays and tells of them, as distributions keep it running, is not. */
    static boolean isMdadmRunning() {
        return ProcessHandle.allProcesses()
                .map(ProcessHandle::info)
                .filter(info -> info.command().orElse("").endsWith("/mdadm"))
                .anyMatch(info ->
                        Stream.of(info.arguments().orElse(new String[0])).noneMatch(MdObjects::isMonitorMode));
    }

    /** mdadm(8), "For mode selection"; options may be cut short. */
    private static boolean isMonitorMode(String argument) {
        return argument.startsWith("-F")
                || argument.length() > 3 && ("--monitor".startsWith(argument) || "--follow".startsWith(argument));
    }

    /** Names of container objects of a format. */
    static List<String> containers(String format) throws SystemCallException {
        List<String> found = new ArrayList<>();
        all().forEach((name, version) -> {
            if (version.equals("external:" + format)) {
                found.add(name);
            }
        });
        return found;
    }
}
