/**
 * The kernel's md as {@link io.restripe.array.ArrayControl}: attributes are the files of sysfs, the kernel does all I/O of the arrays.
 * Start at {@link io.restripe.array.kernel.KernelContainer}, which has the md object of a container and makes its {@link
 * io.restripe.array.kernel.KernelArray}s. Linux only, root only. Knows no metadata beyond the words of {@code metadata_version}.
 * docs/kernel-backend.md.
 */
package io.restripe.array.kernel;
