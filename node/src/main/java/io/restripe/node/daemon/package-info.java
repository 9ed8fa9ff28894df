/**
 * The host process of one running container: what it serves, the requests, and its start. Start at {@link
 * io.restripe.node.daemon.HostMain}; {@link io.restripe.node.daemon.ArrayEngine} is what it needs of the core and {@link
 * io.restripe.node.daemon.CoreEngine} the only class that knows how the core provides it.
 */
package io.restripe.node.daemon;
