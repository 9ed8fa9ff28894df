/**
 * XOR, P and Q, and the recovery of what is lost, over native memory. Start at {@link io.restripe.parity.Parity}: it checks its
 * arguments once and hands blocks of at most 4 KiB to a back end ({@link io.restripe.parity.BackEnd}): scalar, which is always there
 * and the reference, or vector, which takes over after {@link io.restripe.parity.Parity#warmUp}. Knows no disk, no geometry, no array;
 * owner: none, every method is free of shared state and any thread may call. The field and its generator: docs/layouts.md, section 5.
 */
package io.restripe.parity;
