package io.restripe.metadata.imsm;

import io.restripe.env.SystemEnv;
import io.restripe.metadata.Claim;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.Selection;
import io.restripe.unit.Units;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** A container as real mdadm left it: the ends of its members on memory disks, and what an independent decoder read there. */
final class Fixture {
    static final List<String> ALL = List.of(
            "01-spare",
            "02-r5-3d-idle",
            "03-r0-2d",
            "04-r1-2d",
            "05-r10-4d",
            "06-r10-6d",
            "07-r5-5d-chunk4k",
            "08-r0-3d-chunk2m",
            "09-two-volumes",
            "10-three-volumes",
            "11-12d-three-sectors",
            "12-r0-2d-3tb",
            "13-r5-3d-4kn",
            "14-ppl-second-volume",
            "15-bitmap",
            "16-init-resync",
            "17-dirty",
            "18-failed-member",
            "19-rebuild",
            "20-repair-resync",
            "21-created-with-missing",
            "22-missing-at-assembly",
            "23-bad-block-log",
            "24-stale-family",
            "25-failed-takeover-r0-r10",
            "26-takeover-r10-r0",
            "30-grow-r5-3to4-copy",
            "31-grow-r5-3to4-normal",
            "32-grow-r5-permuted",
            "33-grow-r0-2to3-copy",
            "34-r0-to-r5-copy",
            "35-chunk-r5-copy",
            "36-chunk-r5-last-unit",
            "37-chunk-r0-copy",
            "38-grow-r5-4kn-copy",
            "39-grow-two-volumes-second",
            "40-stuck-chunk-2m",
            "41-grow-r5-start-window-a",
            "42-grow-r5-start-window-b");

    final String name;
    final int sectorBytes;
    final Map<String, Object> expected;
    /** By device name ("loop0"); the serial is "/dev/loop0". */
    final Map<String, MemberDisk> members = new LinkedHashMap<>();
    /** Writes and flushes of all members, in order. */
    final List<String> log = new ArrayList<>();

    private Fixture(String name) throws IOException {
        this.name = name;
        Map<String, Object> all = map(Json.parse(text("expected.json")));
        this.sectorBytes = Math.toIntExact((Long) all.get("sector_size"));
        this.expected = map(all.get("members"));
        long sectors = Units.sectorsOfBytesExact((Long) all.get("device_bytes"));
        for (String device : expected.keySet()) {
            TailDisk disk = new TailDisk(device, sectors, sectorBytes, bytes(device + ".tail.gz"), log);
            members.put(device, new MemberDisk(device, "/dev/" + device, disk));
        }
    }

    static Fixture load(String name) {
        try {
            return new Fixture(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object json) {
        return (Map<String, Object>) json;
    }

    @SuppressWarnings("unchecked")
    static List<Object> list(Object json) {
        return (List<Object>) json;
    }

    private InputStream open(String file) {
        InputStream stream = Fixture.class.getResourceAsStream("/imsm/" + name + "/" + file);
        if (stream == null) {
            throw new IllegalStateException("no resource " + name + "/" + file);
        }
        return stream;
    }

    private String text(String file) throws IOException {
        try (InputStream in = open(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private byte[] bytes(String file) throws IOException {
        try (InputStream in = new GZIPInputStream(open(file))) {
            return in.readAllBytes();
        }
    }

    String examine(String device) {
        try {
            return text(device + ".examine.txt");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ImsmFormat format() {
        return new ImsmFormat(new SystemEnv());
    }

    /** Claims of these devices, of all when none is named. */
    List<Claim> claims(String... devices) throws IOException {
        List<Claim> claims = new ArrayList<>();
        for (String device : devices.length == 0 ? members.keySet() : List.of(devices)) {
            format().taste(members.get(device)).ifPresent(claims::add);
        }
        return claims;
    }

    Selection choose(String... devices) throws IOException {
        return format().choose(claims(devices));
    }

    Map<String, MemberDisk> bySerial() {
        Map<String, MemberDisk> result = new LinkedHashMap<>();
        members.values().forEach(m -> result.put(m.serial(), m));
        return result;
    }
}
