/**
 * The embedded array: md's levels and md's control surface over any {@link io.restripe.disk.Disk}. Start at {@link
 * io.restripe.array.engine.EmbeddedArray}; the data path is {@code ArrayDisk -> Admission -> Transform -> MemberIo}, the control
 * path {@code EmbeddedArray -> ArrayAttributes, MemberAttributes -> ArrayState}, and {@code SyncThread} owns resync, recovery, check
 * and relocation. Knows no metadata format, no manager, no monitor: those see an {@link io.restripe.array.ArrayControl}.
 *
 * <p>Locks, in the order in which they may be taken: the configuration lock (attribute writers), rows of {@code StripeLocks}, the
 * state lock of {@code ArrayState}. No member is asked for anything under the state lock. docs/md-control.md, docs/layouts.md.
 */
package io.restripe.array.engine;
