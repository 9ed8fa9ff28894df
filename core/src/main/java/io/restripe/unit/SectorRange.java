package io.restripe.unit;

/**
 * A half-open range of sectors {@code [start, end)}; empty when {@code start == end}.
 *
 * @param start first sector, not negative
 * @param end first sector behind the range
 */
public record SectorRange(long start, long end) {
    public SectorRange {
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("sector range [" + start + ", " + end + ")");
        }
    }

    public long length() {
        return end - start;
    }

    public boolean isEmpty() {
        return start == end;
    }

    public boolean contains(long sector) {
        return start <= sector && sector < end;
    }

    /** Whether the two share a sector; an empty range shares none. */
    public boolean overlaps(SectorRange other) {
        return start < other.end && other.start < end && !isEmpty() && !other.isEmpty();
    }

    @Override
    public String toString() {
        return "[" + start + ", " + end + ")";
    }
}
