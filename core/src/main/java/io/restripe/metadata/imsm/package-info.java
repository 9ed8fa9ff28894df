/**
 * Intel IMSM metadata, all of docs/imsm.md: reader, writer, transitions. Start at {@link io.restripe.metadata.imsm.ImsmFormat};
 * everybody else sees {@link io.restripe.metadata.MetadataFormat} only. {@link io.restripe.metadata.imsm.ImsmReport} describes one
 * member for people.
 *
 * <pre>
 *   Placement       bytes of a disk's end      &lt;-&gt; MPB bytes, record sector     (chapter 1)
 *   *Codec          MPB bytes                  &lt;-&gt; Mpb, Disk-, Volume-, MapEntry (chapter 2)
 *   ImsmSelection   claims of all disks         -&gt; one ImsmMetadata             (chapter 8)
 *   ContainerView   Mpb                         -&gt; the neutral Container        (chapters 3 to 5)
 *   *Transitions    ImsmMetadata                -&gt; ImsmMetadata                 (chapter 6)
 *   Refuse*         a wish                      -&gt; Problems                     (chapters 9 and 13)
 *   CommitWriter    ImsmMetadata                -&gt; disks, durable               (chapter 6.1)
 * </pre>
 *
 * Everything but Placement and CommitWriter is pure; values are immutable; the model counts in sectors of 512 bytes whatever the disks'
 * own sector.
 */
package io.restripe.metadata.imsm;
