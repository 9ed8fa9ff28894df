/** Sectors, bytes and ranges, and the only conversions between them. */
package io.restripe.unit;
