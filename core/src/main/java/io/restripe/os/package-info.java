/**
 * The only calls into the system that the JDK has no method for. Start at {@link io.restripe.os.SystemFile}, an open file or block device;
 * every failure is an {@link io.restripe.os.SystemCallException} with function, arguments and errno. Linux, 64 bit. Knows nothing of
 * disks or arrays. Restricted methods of {@code java.lang.foreign} are called here and nowhere else.
 */
package io.restripe.os;
