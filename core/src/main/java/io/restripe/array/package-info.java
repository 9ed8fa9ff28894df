/**
 * The control surface of an array, and nothing else: md's attributes and their notifications. Start at {@link
 * io.restripe.array.ArrayControl}. {@code engine} is the embedded array behind it. docs/md-control.md.
 */
package io.restripe.array;
