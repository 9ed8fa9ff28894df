/**
 * Fields of on-disk structures: each is one constant that knows its place and width and reads and writes it in little-endian order over a
 * {@link java.lang.foreign.MemorySegment}, wherever its structure starts. Start at {@link io.restripe.codec.U32}. Knows no format; a
 * range outside the segment is an IndexOutOfBoundsException, so codecs check their bounds first.
 */
package io.restripe.codec;
