/**
 * The Unix-domain socket between reshape manager and monitor (docs/reshape-protocol.md, section 3): {@link
 * io.restripe.reshape.wire.MonitorSocket} answers, {@link io.restripe.reshape.wire.SocketLink} asks. One frame a message: a tag
 * and fields, big-endian as DataOutput writes them.
 */
package io.restripe.reshape.wire;
