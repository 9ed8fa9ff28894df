/**
 * Disks and the layers over them. Start at {@link io.restripe.disk.Disk}. Knows nothing of arrays or metadata; files and devices are
 * touched through {@code io.restripe.os} only.
 */
package io.restripe.disk;
