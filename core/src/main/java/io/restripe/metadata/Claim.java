package io.restripe.metadata;

/** A disk that carries a format's metadata, with what was read from it. Each format has its own. */
public interface Claim {
    MemberDisk member();

    /** Generation of the write found on this disk. */
    long generation();

    /** True when the disk belongs to no volume by its own record. */
    boolean spare();
}
