/**
 * Sockets: {@link io.restripe.socket.PeerDoor} lets peers in, of whatever protocol. Unix-domain sockets that carry frames: {@link
 * io.restripe.socket.FrameServer} answers, {@link io.restripe.socket.FrameClient} asks. A
 * frame is a 32-bit big-endian length and so many bytes. Knows nothing of what the frames mean.
 */
package io.restripe.socket;
