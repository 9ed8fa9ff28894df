/**
 * What keeps a volume consistent over an unclean stop besides a whole resync, in md's own formats: the partial parity log and the write-intent
 * bitmap. Bytes, and what
 * is made of them when a volume is assembled; the array that runs writes them ({@code array.engine}). Start at {@link PplArea} and {@link BitmapArea}. Owner: the
 * caller's thread. Knows no metadata format and no running array. Page: docs/imsm.md, 2.11.
 */
package io.restripe.consistency;
