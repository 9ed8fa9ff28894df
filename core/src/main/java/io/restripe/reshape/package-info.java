/**
 * Both halves of a reshape: {@link io.restripe.reshape.ReshapeManager} asks, {@link io.restripe.reshape.Monitor} allows and records.
 * Start at {@link io.restripe.reshape.MonitorMachine}, the protocol's state machine as a pure function, and {@link
 * io.restripe.reshape.ReshapeShape}, its arithmetic. One thread owns each actor. Knows arrays only as {@link
 * io.restripe.array.ArrayControl}, members only as disks, metadata only as {@link io.restripe.metadata.ContainerMetadata}: no engine, no
 * socket, no format. Rules R1 to R12: docs/reshape-protocol.md, section 6.
 */
package io.restripe.reshape;
