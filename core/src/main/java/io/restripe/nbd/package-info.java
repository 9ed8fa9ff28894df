/**
 * Disks over the network, by the NBD protocol: {@link io.restripe.nbd.NbdServer} serves a {@link io.restripe.disk.Disk} to any NBD
 * client, {@link io.restripe.nbd.NbdDisk} is one on any NBD server. Fixed newstyle handshake, simple and structured replies, Unix-domain
 * sockets and TCP, in the clear (for networks that are trusted) or encrypted by STARTTLS. Knows nothing of arrays.
 */
package io.restripe.nbd;
