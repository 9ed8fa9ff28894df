package io.restripe.disk;

/**
 * How a range of a disk begins.
 *
 * @param sectors so much of it is alike, as far as that was looked at; more may follow of the same kind
 * @param hole it reads as zeros, and nothing is stored for it. False: it may hold anything, zeros too
 */
public record Extent(long sectors, boolean hole) {
    /** Of a disk that does not know better. */
    static Extent data(long sectors) {
        return new Extent(sectors, false);
    }
}
