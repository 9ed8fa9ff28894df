package io.restripe.assembly;

import io.restripe.os.SystemFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;
import java.util.Set;

/** The serial that a member file carries beside its contents: the extended attribute {@code user.restripe.serial}. Stateless. */
final class RememberedSerial {
    /** As people see it with getfattr. */
    static final String ATTRIBUTE = "user.restripe.serial";

    private static final String NAME_IN_VIEW = "restripe.serial";

    private RememberedSerial() {}

    /**
     * Reads it.
     *
     * @return empty when the file has none
     * @throws IOException when the file system has no such attributes, or refuses
     */
    static Optional<String> of(Path file) throws IOException {
        UserDefinedFileAttributeView view = view(file);
        if (!view.list().contains(NAME_IN_VIEW)) {
            return Optional.empty();
        }
        ByteBuffer value = ByteBuffer.allocate(view.size(NAME_IN_VIEW));
        view.read(NAME_IN_VIEW, value);
        return Optional.of(StandardCharsets.ISO_8859_1.decode(value.flip()).toString());
    }

    /** Writes it; durable on return. */
    static void remember(Path file, String serial) throws IOException {
        view(file).write(NAME_IN_VIEW, StandardCharsets.ISO_8859_1.encode(serial));
        try (SystemFile open = SystemFile.open(file, Set.of())) {
            open.syncAll();
        }
    }

    private static UserDefinedFileAttributeView view(Path file) throws IOException {
        UserDefinedFileAttributeView view = Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
        if (view == null) {
            throw new IOException("the file system has no extended attributes");
        }
        return view;
    }
}
