package io.restripe.metadata.imsm;

/**
 * The head of the MPB (docs/imsm.md, 2.1), without what follows from the rest of it (counts, sizes, checksum).
 *
 * @param raw the 216 bytes it was read from
 * @param version what follows the signature's first 24 bytes
 * @param family identity of the set of disks; another one after every rebuild onto a spare
 * @param generation number of the write
 * @param attributes {@link Attributes}
 * @param storedOrigFamily 0 when the family is meant
 * @param volumesCreated counter of volumes ever created
 * @param creationTime Unix seconds
 */
record MpbHeader(
        Raw raw,
        String version,
        long family,
        long generation,
        long attributes,
        long storedOrigFamily,
        int volumesCreated,
        long creationTime) {
    static final int BYTES = 216;
    static final String SIGNATURE = "Intel Raid ISM Cfg Sig. ";

    /** Identity of the container: never changes. */
    long origFamily() {
        return storedOrigFamily == 0 ? family : storedOrigFamily;
    }

    MpbHeader withGeneration(long newGeneration) {
        return new MpbHeader(
                raw, version, family, newGeneration, attributes, storedOrigFamily, volumesCreated, creationTime);
    }

    MpbHeader withFamily(long newFamily) {
        return new MpbHeader(
                raw, version, newFamily, generation, attributes, origFamily(), volumesCreated, creationTime);
    }

    MpbHeader withAttributes(String newVersion, long newAttributes) {
        return new MpbHeader(
                raw, newVersion, family, generation, newAttributes, storedOrigFamily, volumesCreated, creationTime);
    }

    MpbHeader withVolumesCreated(int count) {
        return new MpbHeader(raw, version, family, generation, attributes, storedOrigFamily, count, creationTime);
    }
}
