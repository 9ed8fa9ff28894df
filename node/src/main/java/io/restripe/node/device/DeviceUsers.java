package io.restripe.node.device;

import io.restripe.os.Errno;
import io.restripe.os.FileStatus;
import io.restripe.os.SystemCallException;
import io.restripe.os.SystemFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * Who uses a block device, in words: mounts, swap, devices on top of it, processes that have it open. Does no I/O on the device, so that one
 * whose server is gone answers too. Stateless. Source: the manual pages proc(5) and open(2) on O_EXCL.
 */
public final class DeviceUsers {
    private DeviceUsers() {}

    /** Empty when nobody does, or when there is no such device. */
    public static List<String> of(Path device) throws IOException {
        if (!Files.exists(device)) {
            return List.of();
        }
        List<String> users = new ArrayList<>(mounts(device));
        if (!claimed(device)) {
            users.addAll(processes(device));
            return users;
        }
        users.addAll(swaps(device));
        users.addAll(holders(device));
        users.addAll(processes(device));
        if (users.isEmpty()) {
            users.add("somebody claims it who is not to be seen from here, such as a mount of another namespace");
        }
        return users;
    }

    /** A mount, swap, md and their like claim what they use; nobody else can claim it then. */
    private static boolean claimed(Path device) throws IOException {
        try {
            SystemFile.open(device, EnumSet.of(SystemFile.Option.CLAIM)).close();
            return false;
        } catch (SystemCallException e) {
            if (e.errno() == Errno.EBUSY) {
                return true;
            }
            if (e.errno() == Errno.ENXIO || e.errno() == Errno.ENODEV || e.errno() == Errno.ENOENT) {
                return false; // a device without anything behind it
            }
            throw e;
        }
    }

    private static List<String> mounts(Path device) throws IOException {
        FileStatus.Identity identity = FileStatus.of(device).identity();
        String number = identity.major() + ":" + identity.minor();
        List<String> users = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            String[] words = line.split(" ", -1);
            int dash = List.of(words).indexOf("-");
            // Some file systems show a number of their own: those are found by their source.
            if (dash > 4
                    && dash + 2 < words.length
                    && (words[2].equals(number) || words[dash + 2].equals(device.toString()))) {
                users.add("mounted at " + unescaped(words[4]) + " (" + words[dash + 1] + ")");
            }
        }
        return users;
    }

    /** Blanks and their like are written as a backslash and three octal digits. */
    private static String unescaped(String word) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < word.length(); i++) {
            if (word.charAt(i) == '\\' && i + 3 < word.length()) {
                text.append((char) Integer.parseInt(word.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                text.append(word.charAt(i));
            }
        }
        return text.toString();
    }

    private static List<String> swaps(Path device) throws IOException {
        Path swaps = Path.of("/proc/swaps");
        return Files.exists(swaps) && Files.readAllLines(swaps).stream().anyMatch(line -> line.startsWith(device + " "))
                ? List.of("used for swapping")
                : List.of();
    }

    private static List<String> holders(Path device) throws IOException {
        Path folder = Path.of("/sys/block", device.getFileName().toString(), "holders");
        List<String> users = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> holders = Files.newDirectoryStream(folder)) {
                holders.forEach(holder -> users.add("part of /dev/" + holder.getFileName()));
            }
        }
        return users;
    }

    private static List<String> processes(Path device) throws IOException {
        List<String> users = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : all) {
                if (opens(process, device)) {
                    users.add("open in process " + process.getFileName() + name(process));
                }
            }
        }
        return users;
    }

    private static boolean opens(Path process, Path device) {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : open) {
                if (Files.readSymbolicLink(descriptor).equals(device)) {
                    return true;
                }
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            return false; // it ended meanwhile, or is not ours to look into
        }
        return false;
    }

    private static String name(Path process) {
        try {
            return " (" + Files.readString(process.resolve("comm")).strip() + ")";
        } catch (IOException e) {
            return ""; // it ended meanwhile
        }
    }
}
