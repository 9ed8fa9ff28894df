/**
 * An array's control surface across a Unix-domain socket, so that monitor and manager can be processes of their own: {@link
 * io.restripe.array.remote.ArraySocket} in the process that has the arrays, {@link io.restripe.array.remote.RemoteArray} in the other.
 */
package io.restripe.array.remote;
