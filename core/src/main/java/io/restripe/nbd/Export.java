package io.restripe.nbd;

import io.restripe.disk.Disk;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A disk that is offered to clients. The server does not close it.
 *
 * @param name by which clients ask for it; may be empty; at most 4096 bytes of UTF-8
 * @param description for people; may be empty; at most 4096 bytes of UTF-8
 * @param disk may change its size meanwhile: requests are checked against what it is, new connections are told what it is
 * @param readOnly clients may not change it
 */
public record Export(String name, String description, Disk disk, boolean readOnly) {
    public Export {
        requireFits(name, "name");
        requireFits(description, "description");
        Objects.requireNonNull(disk, "disk");
    }

    private static void requireFits(String text, String part) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > Wire.MAX_STRING_BYTES || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the " + part + " of an export has at most " + Wire.MAX_STRING_BYTES
                    + " bytes and no NUL; this one has " + bytes + " bytes");
        }
    }
}
