package io.restripe.array.engine;

import io.restripe.disk.DiskException;
import io.restripe.geometry.Level;
import java.lang.foreign.MemorySegment;

/**
 * Array requests to member requests, by what a row is made of. A closed set: add a level, and the compiler lists the work. The whole
 * range of a call lies in the layout's part of the array; the caller has been admitted.
 */
sealed interface Transform permits StripeTransform, ParityTransform, CopiesTransform {
    void read(Layout layout, long arraySector, MemorySegment into) throws DiskException;

    void write(Layout layout, long arraySector, MemorySegment from) throws DiskException;

    /** One of each, chosen by a layout. */
    record Set(StripeTransform stripes, ParityTransform parity, CopiesTransform copies) {
        Set(Parts parts) {
            this(new StripeTransform(parts), new ParityTransform(parts), new CopiesTransform(parts));
        }

        Transform of(Layout layout) {
            return switch (layout.geometry().level()) {
                case Level.Striped _ -> stripes;
                case Level.Parity _ -> layout.withoutParity() ? stripes : parity;
                case Level.Mirrored _, Level.Near _ -> copies;
            };
        }
    }
}
