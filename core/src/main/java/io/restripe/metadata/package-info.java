/**
 * What user space remembers of a container, whatever the format. Start at {@link io.restripe.metadata.MetadataFormat} (bytes on members)
 * and {@link io.restripe.metadata.ContainerMetadata} (the state and its transitions); {@link io.restripe.metadata.Container} is the
 * neutral description that everybody else reads. One package a format below; none sees another.
 */
package io.restripe.metadata;
