package io.restripe.lab.kernel;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.disk.MemoryDisk;
import io.restripe.metadata.MemberDisk;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The image files of one container, each at its place among a guest's disks, so that serials are the same on both sides.
 *
 * @param disks place to file, in the order of places
 */
record Images(Map<Integer, Path> disks) {
    private static final long READ_SECTORS = 2048;

    Images {
        disks = Collections.unmodifiableMap(new TreeMap<>(disks));
    }

    /** New ones, all zeros, in a new folder. */
    static Images blank(Path folder, int firstPlace, int count, int mib) throws IOException {
        List<Path> files = KernelOracle.newImages(Files.createDirectories(folder), count, mib);
        Map<Integer, Path> disks = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            disks.put(firstPlace + i, files.get(i));
        }
        return new Images(disks);
    }

    /** The same container in a guest. */
    KernelOracle in(KernelOracle guest, String name) {
        return guest.container(name, disks.keySet());
    }

    /** Without one of them. */
    Images without(int place) {
        Map<Integer, Path> left = new TreeMap<>(disks);
        left.remove(place);
        return new Images(left);
    }

    /** Copies that are as sparse as memory disks are, in another folder, which is made. */
    Images copyTo(Path folder) throws IOException {
        return save(load(), folder);
    }

    /** Opens all of them; close every disk of the result. */
    List<MemberDisk> open(FileDisk.Access access) throws DiskException {
        List<MemberDisk> members = new ArrayList<>();
        for (Map.Entry<Integer, Path> entry : disks.entrySet()) {
            Disk disk = FileDisk.open(entry.getValue(), access, FileDisk.Caching.PAGE_CACHE);
            members.add(new MemberDisk(entry.getValue().toString(), KernelOracle.serial(entry.getKey()), disk));
        }
        return members;
    }

    /** What they hold now, as disks of their own. */
    List<MemoryDisk> load() throws IOException {
        List<MemoryDisk> loaded = new ArrayList<>();
        for (Map.Entry<Integer, Path> entry : disks.entrySet()) {
            try (RandomAccessFile file = new RandomAccessFile(entry.getValue().toFile(), "r")) {
                long sectors = Units.sectorsOfBytesExact(file.length());
                MemoryDisk disk = new MemoryDisk(KernelOracle.serial(entry.getKey()), sectors);
                byte[] piece = new byte[64 << 10];
                for (long at = 0; at < file.length(); at += piece.length) {
                    int length = (int) Math.min(piece.length, file.length() - at);
                    file.readFully(piece, 0, length);
                    if (!isZero(piece)) {
                        disk.write(
                                Units.sectorsOfBytesExact(at),
                                MemorySegment.ofArray(piece).asSlice(0, length));
                    }
                }
                loaded.add(disk);
            }
        }
        return loaded;
    }

    /** Images with these contents at the same places, in another folder, which is made. */
    Images save(List<MemoryDisk> contents, Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<Integer, Path> saved = new TreeMap<>();
        int next = 0;
        for (Map.Entry<Integer, Path> entry : disks.entrySet()) {
            MemoryDisk disk = contents.get(next++);
            Path to = folder.resolve(entry.getValue().getFileName());
            try (RandomAccessFile file = new RandomAccessFile(to.toFile(), "rw")) {
                file.setLength(Units.bytesOfSectors(disk.sectors()));
                byte[] piece = new byte[64 << 10];
                for (long at = 0; at < file.length(); at += piece.length) {
                    int length = (int) Math.min(piece.length, file.length() - at);
                    disk.read(
                            Units.sectorsOfBytesExact(at),
                            MemorySegment.ofArray(piece).asSlice(0, length));
                    if (!isZero(piece)) {
                        file.seek(at);
                        file.write(piece, 0, length);
                    }
                }
            }
            saved.put(entry.getKey(), to);
        }
        return new Images(saved);
    }

    private static boolean isZero(byte[] piece) {
        MemorySegment bytes = MemorySegment.ofArray(piece);
        for (long at = 0; at < piece.length; at += Long.BYTES) {
            if (bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != 0) {
                return false;
            }
        }
        return true;
    }

    static void close(List<MemberDisk> members) {
        members.forEach(member -> member.disk().close());
    }

    /** Of the first so many bytes of a disk, in hexadecimal. */
    static String sha256(Disk disk, long bytes) throws DiskException {
        MessageDigest digest = Contents.sha256Digest();
        long sectors = Units.sectorsOfBytesExact(bytes);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment buffer = arena.allocate(Units.bytesOfSectors(READ_SECTORS), 4096);
            for (long at = 0; at < sectors; at += READ_SECTORS) {
                long length = Units.bytesOfSectors(Math.min(READ_SECTORS, sectors - at));
                disk.read(at, buffer.asSlice(0, length));
                digest.update(buffer.asSlice(0, length).asByteBuffer());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
