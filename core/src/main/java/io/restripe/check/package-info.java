/**
 * The strict consistency checker: metadata of all members against itself, then parity or copies of the contents, from the members alone
 * and without writing anything. Start at {@link io.restripe.check.ContainerCheck}; people get it as {@code restripe check}, the crash
 * campaigns judge what is left after each crash by it. No threads, no state. Knows formats and geometries, and nothing of running
 * arrays: those are scrubbed by the engine.
 */
package io.restripe.check;
