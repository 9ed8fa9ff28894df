package io.restripe.assembly;

import io.restripe.disk.Disk;
import io.restripe.disk.DiskException;
import io.restripe.disk.Serials;
import io.restripe.env.Env;
import io.restripe.metadata.MetadataFormat;
import io.restripe.nbd.NbdAddress;
import io.restripe.nbd.NbdDisk;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.Optional;
import java.util.OptionalLong;

/** Members that are exports of NBD servers, named by URI: {@code nbd://host[:port]/export} and its like, {@code @SERIAL} behind. Stateless. */
final class RemoteMember {
    private static final String WHAT = "cannot open member";

    private RemoteMember() {}

    /**
     * How disks on servers are used.
     *
     * @param format whose unused sectors hold their labels
     * @param timeoutNanos how long one may not be there, or be silent, before it has failed
     */
    record Use(Env env, MetadataFormat format, long timeoutNanos) {}

    /** A member as named, taken apart. */
    record Named(NbdAddress address, Optional<String> serial) {}

    /** A serial stands behind the last @ of the path or of what follows it; an @ of the URI's own is written %40 there. */
    static Named parse(String member) throws ProblemException {
        int path = member.indexOf('/', member.indexOf("://") + "://".length());
        int at = path < 0 ? -1 : member.lastIndexOf('@');
        boolean named = at > path;
        String serial = named ? Serials.normalise(member.substring(at + 1)) : "";
        if (named && serial.isEmpty()) {
            throw refusal(member, "there is no serial behind its last @", "Name it URI or URI@SERIAL", null);
        }
        try {
            NbdAddress address = NbdAddress.parse(named ? member.substring(0, at) : member);
            return new Named(address, named ? Optional.of(serial) : Optional.empty());
        } catch (IllegalArgumentException e) {
            throw refusal(
                    member,
                    String.valueOf(e.getMessage()),
                    "Write nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH",
                    e);
        }
    }

    static String absolute(String member) {
        try {
            Named named = parse(member);
            String serial = named.serial.map(text -> "@" + text).orElse("");
            return named.address.withAbsolutePaths() + serial;
        } catch (ProblemException e) {
            return member; // opening it tells what is wrong
        }
    }

    /** What is no URI is a place of its own. */
    static String place(String member) {
        try {
            return parse(member).address.place();
        } catch (ProblemException e) {
            return member;
        }
    }

    static boolean same(String one, String other) {
        return place(one).equals(place(other));
    }

    static NbdDisk open(NbdAddress address, boolean readOnly, Use use) throws ProblemException {
        try {
            return NbdDisk.open(use.env, address, NbdDisk.Options.patient(readOnly, use.timeoutNanos));
        } catch (DiskException e) {
            throw refusal(
                    address.toString(),
                    e.why(),
                    "Start its server, check the name of the export, or leave it out (--run starts without it)",
                    e);
        }
    }

    /**
     * The serial that an open disk says it has; from now on it is known by what stands there.
     *
     * @param disk what it was opened as
     * @param written the same with the sectors that its metadata is written for
     */
    static Optional<String> labelAndMark(NbdDisk disk, Disk written, Use use) throws DiskException {
        OptionalLong sector = use.format.unusedSector(written);
        if (sector.isPresent()) {
            disk.knowBy(sector.getAsLong(), MemberLabel.SECTORS);
        }
        return label(written, use);
    }

    /** The serial that a disk says it has, on a server or not. */
    static Optional<String> label(Disk disk, Use use) throws DiskException {
        OptionalLong sector = use.format.unusedSector(disk);
        return sector.isPresent() ? MemberLabel.read(disk, sector.getAsLong()) : Optional.empty();
    }

    /** The serial of a disk that is a member already. */
    static String serial(Named named, Optional<String> label) throws ProblemException {
        String uri = named.address.toString();
        if (named.serial.isPresent() && label.isPresent() && !named.serial.equals(label)) {
            throw refusal(
                    uri,
                    "it is named with serial " + named.serial.get() + ", but its label says " + label.get(),
                    "Name it " + uri + ", or " + uri + "@" + label.get(),
                    null);
        }
        return named.serial
                .or(() -> label)
                .orElseThrow(() -> refusal(
                        uri,
                        "it has no label, and the metadata tells disks apart by their serials only",
                        "Name it " + uri + "@SERIAL, with the serial that the metadata has for it",
                        null));
    }

    static ProblemException refusal(String member, String why, String remedy, Throwable cause) {
        return new ProblemException(new Problem(WHAT, member, why, remedy), cause);
    }
}
