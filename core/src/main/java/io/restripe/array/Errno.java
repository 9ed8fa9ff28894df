package io.restripe.array;

/** Why an attribute refused, by the system's names: callers branch on them (docs/md-control.md). */
public enum Errno {
    E2BIG,
    EBUSY,
    EEXIST,
    EINVAL,
    EIO,
    ENODEV,
    ENOENT,
    ENOSPC,
    ENXIO,
    EROFS
}
