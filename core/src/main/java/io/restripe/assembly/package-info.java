/**
 * From disks to arrays: discovery, the newest generation, replay of a backed-up unit, start. Start at {@link
 * io.restripe.assembly.Assembly}; {@link io.restripe.assembly.OfflineVolume} reads contents without starting anything. Owner: the thread
 * that assembles; nothing runs yet. docs/reshape-protocol.md, section 7.
 */
package io.restripe.assembly;
