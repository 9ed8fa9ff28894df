package io.restripe.disk;

import io.restripe.os.FileStatus.Identity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Serial numbers of disks: what the hardware says, and the form in which formats store it (docs/imsm.md, 2.3). Stateless. */
public final class Serials {
    /** Longest normalised serial. */
    public static final int MAX_LENGTH = 16;

    /** The kernel's view of devices by number: {@code MAJOR:MINOR} is the device's own folder. */
    public static final Path SYSTEM_DEVICES = Path.of("/sys/dev/block");

    /** Vital product data, page 0x80: 4 bytes of header, the last two the length of the text behind. */
    private static final int VPD_HEADER_BYTES = 4;

    private Serials() {}

    /**
     * The form that is stored and compared: without white space, control characters and bytes above 0x7F, {@code ;} for {@code :}, of
     * what is longer the last 16. Empty when nothing is left.
     */
    public static String normalise(String raw) {
        StringBuilder kept = new StringBuilder();
        raw.chars().filter(c -> c > ' ' && c <= 0x7F).forEach(c -> kept.append(c == ':' ? ';' : (char) c));
        return kept.substring(Math.max(0, kept.length() - MAX_LENGTH));
    }

    /**
     * The serial that the hardware of a block device gives, normalised; empty when it gives none, as loop and network devices do.
     *
     * @param devices {@link #SYSTEM_DEVICES}
     */
    public static Optional<String> ofDevice(Path devices, Identity device) {
        Path folder = folder(devices, device);
        for (String attribute : List.of("device/vpd_pg80", "device/serial", "serial")) {
            String serial = normalise(read(folder.resolve(attribute), attribute.endsWith("vpd_pg80")));
            if (!serial.isEmpty()) {
                return Optional.of(serial);
            }
        }
        return Optional.empty();
    }

    /** Whether a block device is a partition of another. */
    public static boolean isPartition(Path devices, Identity device) {
        return Files.exists(folder(devices, device).resolve("partition"));
    }

    private static Path folder(Path devices, Identity device) {
        return devices.resolve(device.major() + ":" + device.minor());
    }

    private static String read(Path attribute, boolean vitalProductData) {
        byte[] raw;
        try {
            raw = Files.readAllBytes(attribute);
        } catch (IOException e) {
            return ""; // Most devices lack most of these attributes: it is one place less where a serial could be.
        }
        if (vitalProductData) {
            if (raw.length < VPD_HEADER_BYTES) {
                return "";
            }
            int length = Byte.toUnsignedInt(raw[2]) * 256 + Byte.toUnsignedInt(raw[3]);
            raw = Arrays.copyOfRange(raw, VPD_HEADER_BYTES, Math.min(raw.length, VPD_HEADER_BYTES + length));
        }
        return new String(raw, StandardCharsets.ISO_8859_1);
    }
}
