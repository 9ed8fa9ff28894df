/**
 * The FUSE protocol of the kernel, spoken by ourselves: a {@link io.restripe.disk.Disk} as one regular file that is mounted on a file, over
 * which a loop device makes a block device. Start at {@link io.restripe.fuse.FuseMount}. {@link io.restripe.fuse.FuseFile} turns a
 * request's bytes into the answer's bytes and knows no device, {@link io.restripe.fuse.FuseServer} has the threads,
 * {@link io.restripe.fuse.FuseLink} is the seam between them and the kernel. Knows no array.
 *
 * <p>Source of every structure and number: Linux's include/uapi/linux/fuse.h, protocol 7.28 (Linux 4.20) to 7.40 (Linux 6.9). All fields
 * are in the machine's own order, which is little-endian on all of ours.
 */
package io.restripe.fuse;
