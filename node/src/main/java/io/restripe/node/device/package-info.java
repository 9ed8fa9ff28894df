/**
 * A volume as a block device of this machine's kernel. Start at {@link io.restripe.node.device.Attachment}: through the kernel's NBD
 * client where there is one, else through FUSE and a loop device. {@link io.restripe.node.device.AttachmentRecord} is what a host process
 * leaves for its successor, {@link io.restripe.node.device.Leftover} removes what nobody goes on with. Needs root.
 */
package io.restripe.node.device;
