package io.restripe.lab.kernel;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.LongUnaryOperator;

/**
 * A file in which no two blocks are alike: 4-KiB block number b is the 8 characters of b in hexadecimal with a space, repeated; so a
 * block in the wrong place tells where it belongs.
 *
 * @param sha256 of the file, in hexadecimal
 */
record Contents(Path file, long bytes, String sha256) {
    static final int BLOCK = 4096;

    static Contents blocks(Path file, long bytes) throws IOException {
        return blocks(file, bytes, 0);
    }

    /** @param first number of the first block: contents of different volumes have different ones */
    static Contents blocks(Path file, long bytes, long first) throws IOException {
        return of(file, bytes, block -> first + block);
    }

    /** @param numbers which block is where */
    static Contents of(Path file, long bytes, LongUnaryOperator numbers) throws IOException {
        MessageDigest digest = sha256Digest();
        try (OutputStream out =
                new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 20), digest)) {
            for (long block = 0; block < bytes / BLOCK; block++) {
                out.write(block(numbers.applyAsLong(block)));
            }
        }
        return new Contents(file, bytes, HexFormat.of().formatHex(digest.digest()));
    }

    /** How much of a file is not what it is to be: "17 of 4096". */
    String wrongBlocks(Path read) throws IOException {
        long wrong = 0;
        try (InputStream wanted = new BufferedInputStream(Files.newInputStream(file), 1 << 20);
                InputStream found = new BufferedInputStream(Files.newInputStream(read), 1 << 20)) {
            for (long block = 0; block < bytes / BLOCK; block++) {
                wrong += Arrays.equals(wanted.readNBytes(BLOCK), found.readNBytes(BLOCK)) ? 0 : 1;
            }
        }
        return wrong + " of " + bytes / BLOCK;
    }

    /** What a block of that number holds. */
    static byte[] block(long number) {
        String cell = "%07x ".formatted(number);
        return cell.repeat(BLOCK / cell.length()).getBytes(US_ASCII);
    }

    static MessageDigest sha256Digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
