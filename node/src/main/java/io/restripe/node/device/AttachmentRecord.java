package io.restripe.node.device;

import io.restripe.node.rpc.Json;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of an attached volume beyond the life of the host process that attached it: a file in the container's run folder.
 *
 * @param volume its name
 * @param uuid its identity: nobody else's bytes take its place
 * @param driver which {@link Attachment} it is
 * @param device path of the block device; empty: not known yet
 * @param holder process that keeps the connection to the kernel; 0: nobody does
 * @param holderStarted when that process started, in milliseconds: pids are used again
 */
public record AttachmentRecord(
        String volume, String uuid, String driver, String device, long holder, long holderStarted) {
    private static final String ENDING = ".attached";

    static AttachmentRecord of(String volume, String uuid, String driver, String device, long holder) {
        return new AttachmentRecord(volume, uuid, driver, device, holder, holder == 0 ? 0 : started(holder));
    }

    private static long started(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().startInstant())
                .map(Instant::toEpochMilli)
                .orElse(0L);
    }

    /** Whether the holder is that very process, and lives. */
    boolean holderLives() {
        return holder != 0 && holderStarted != 0 && started(holder) == holderStarted;
    }

    private static Path path(Path folder, String volume) {
        return folder.resolve(volume + ENDING);
    }

    /** The file that is mounted, where the driver needs one. */
    static Path mountPoint(Path folder, String volume) {
        return folder.resolve(volume + ".device");
    }

    /** Those in a container's run folder, in the order of their volumes' names. */
    public static List<AttachmentRecord> all(Path folder) throws IOException {
        List<AttachmentRecord> records = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return records;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + ENDING)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                find(folder, name.substring(0, name.length() - ENDING.length())).ifPresent(records::add);
            }
        }
        records.sort(java.util.Comparator.comparing(AttachmentRecord::volume));
        return records;
    }

    /** That of a volume. */
    public static Optional<AttachmentRecord> find(Path folder, String volume) throws IOException {
        try {
            Map<String, Object> map = Json.parse(Files.readString(path(folder, volume)));
            return Optional.of(new AttachmentRecord(
                    Json.text(map, "volume"),
                    Json.text(map, "uuid"),
                    Json.text(map, "driver"),
                    Json.text(map, "device"),
                    Json.number(map, "holder"),
                    Json.number(map, "holder-started")));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            throw new IOException(path(folder, volume) + " is no record of an attached volume: " + e.getMessage(), e);
        }
    }

    /** All of it is there, or what was there before. */
    void save(Path folder) throws IOException {
        Path fresh = folder.resolve(volume + ENDING + ".new");
        Files.writeString(
                fresh,
                Json.line(Json.map(
                        "volume", volume,
                        "uuid", uuid,
                        "driver", driver,
                        "device", device,
                        "holder", holder,
                        "holder-started", holderStarted)));
        Files.move(fresh, path(folder, volume), StandardCopyOption.ATOMIC_MOVE);
    }

    static void delete(Path folder, String volume) throws IOException {
        Files.deleteIfExists(mountPoint(folder, volume));
        Files.deleteIfExists(path(folder, volume));
    }
}
