package io.restripe.node.device;

import java.nio.file.Path;

/**
 * Which volume is attached, and where its traces are.
 *
 * @param folder the container's run folder
 * @param container its name
 * @param volume its name
 * @param uuid the volume's identity
 */
public record Place(Path folder, String container, String volume, String uuid) {}
