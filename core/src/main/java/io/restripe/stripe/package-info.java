/**
 * Stripes on members without an array around them: reading an array's sectors from its members under one geometry, reconstructing what
 * is missing, and laying data out in another. The reshape manager saves critical units with it, offline reading is built on it. Start
 * at {@link io.restripe.stripe.StripeReader}. Knows no metadata and no running array.
 */
package io.restripe.stripe;
