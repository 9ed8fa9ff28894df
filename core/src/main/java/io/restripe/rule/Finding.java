package io.restripe.rule;

import java.util.Objects;

/**
 * Something that a consistency check found.
 *
 * @param severity how bad it is
 * @param kind what it is about, for programs
 * @param problem the same for people: what is found, where, why it is wrong, what to do
 */
public record Finding(Severity severity, Kind kind, Problem problem) {
    public Finding {
        Objects.requireNonNull(severity);
        Objects.requireNonNull(kind);
        Objects.requireNonNull(problem);
    }

    /** How bad it is; later is worse. */
    public enum Severity {
        /** How things are; nothing is wrong. */
        NOTE,
        /** What a failure or a power cut leaves behind, and the next start or a person puts right. */
        WARNING,
        /** What nothing but damage, a bug or a foreign hand leaves behind. */
        ERROR
    }

    /** What a finding is about. */
    public enum Kind {
        /** A disk cannot be read, whole or in part. */
        UNREADABLE,
        /** A disk carries no metadata of the format. */
        NO_METADATA,
        /** Metadata is not what its format allows: checksum, structure, an index or an extent out of bounds. */
        DAMAGED,
        /** Metadata was cut off while it was written. */
        TORN,
        /** Members contradict each other so that nobody can tell what is true. */
        DISAGREEMENT,
        /** A member is behind the others. */
        GENERATION,
        /** A member belongs to another set of disks than the others. */
        FAMILY,
        /** A disk whose data must not be used, as the others say. */
        STALE,
        /** A member that the table names is not among the disks given. */
        MISSING,
        /** An entry of the disk table, or a disk that is not as the table says. */
        DISK_TABLE,
        /** A volume's map or order table. */
        MAPS,
        /** A size that does not follow from the geometry. */
        SIZE,
        /** A place that something else needs too. */
        EXTENT,
        /** A name, a number or a flag of a volume or of the container. */
        HEADER,
        /** The record of a reshape. */
        RECORD,
        /** The record of a spare. */
        SPARE_RECORD,
        /** The log of bad blocks. */
        BAD_BLOCKS,
        /** A volume lacks members. */
        DEGRADED,
        /** A volume was being written when it stopped, or is being written. */
        UNCLEAN,
        /** A reshape, resync or rebuild is not finished. */
        HALF_WAY,
        /** Parity or copies do not agree. */
        CONTENTS,
        /** What was not compared, and why. */
        NOT_COMPARED
    }

    public boolean isAtLeast(Severity least) {
        return severity.compareTo(least) >= 0;
    }

    @Override
    public String toString() {
        return severity + " " + kind + ": " + problem.text();
    }
}
