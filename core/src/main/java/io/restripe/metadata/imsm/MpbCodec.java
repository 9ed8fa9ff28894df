package io.restripe.metadata.imsm;

import io.restripe.codec.Ascii;
import io.restripe.codec.U16;
import io.restripe.codec.U32;
import io.restripe.codec.U64;
import io.restripe.codec.U8;
import io.restripe.metadata.MetadataException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The whole MPB (docs/imsm.md, 2.1). Checks in this order: signature, size, checksum, then every count and offset, then what the
 * structures say of each other ({@link MpbCheck}).
 *
 * <pre>
 *  0 signature[24]  24 version[8]  32 checksum  36 size  40 family  44 generation  52 attributes  56 disks u8  57 volumes u8
 * 64 orig family  68 power cycles  72 log size  76 volumes created u16  80 creation time u64  88 filler[128]
 * 216 disk table, volumes, slack; the bad-block log ends the MPB
 * </pre>
 */
final class MpbCodec {
    private static final Ascii SIGNATURE = new Ascii(0, 24);
    private static final Ascii VERSION = new Ascii(24, 8);
    private static final U32 SIZE = new U32(0x24);
    private static final U32 FAMILY = new U32(0x28);
    private static final U32 GENERATION = new U32(0x2c);
    private static final U32 ATTRIBUTES = new U32(0x34);
    private static final U8 DISKS = new U8(0x38);
    private static final U8 VOLUMES = new U8(0x39);
    private static final U32 ORIG_FAMILY = new U32(0x40);
    private static final U32 POWER_CYCLES = new U32(0x44);
    private static final U32 LOG_SIZE = new U32(0x48);
    private static final U16 VOLUMES_CREATED = new U16(0x4c);
    private static final U64 CREATION_TIME = new U64(0x50);
    private static final String STRUCTURE = "MPB header";

    private MpbCodec() {}

    /** Whether these bytes start like an MPB. */
    static boolean hasSignature(MemorySegment anchor) {
        return anchor.byteSize() >= MpbHeader.BYTES && SIGNATURE.get(anchor, 0).equals(MpbHeader.SIGNATURE);
    }

    /**
     * Whether these bytes start like an MPB whose signature was damaged: most of its bytes are there. No other content comes so near by
     * chance, and a disk that lost one bit of its signature is a member and not an empty disk.
     */
    static boolean resemblesSignature(MemorySegment anchor) {
        String found = SIGNATURE.get(anchor, 0);
        int same = 0;
        for (int i = 0; i < Math.min(found.length(), MpbHeader.SIGNATURE.length()); i++) {
            same += found.charAt(i) == MpbHeader.SIGNATURE.charAt(i) ? 1 : 0;
        }
        return 2 * same > MpbHeader.SIGNATURE.length();
    }

    static MetadataException noSignature(Region region) {
        return region.bad(
                STRUCTURE,
                0,
                "signature \"" + SIGNATURE.get(region.bytes(), 0) + "\", expected \"" + MpbHeader.SIGNATURE + "\"");
    }

    /** The size that an anchor announces, checked against what there is room for. */
    static int announcedBytes(Region anchor) throws MetadataException {
        long size = SIZE.get(anchor.bytes(), 0);
        long limit = Placement.maxMpbBytes(anchor.blocks());
        if (size < MpbHeader.BYTES || size > limit) {
            throw anchor.bad(
                    STRUCTURE, SIZE.offset(), "size " + size + " bytes, expected " + MpbHeader.BYTES + " to " + limit);
        }
        return Math.toIntExact(size);
    }

    static Mpb decode(Region region) throws MetadataException {
        MemorySegment raw = region.bytes();
        if (!hasSignature(raw)) {
            throw region.bad(STRUCTURE, 0, "no \"" + MpbHeader.SIGNATURE + "\"");
        }
        int size = announcedBytes(region);
        region.need("MPB", 0, size, raw.byteSize());
        if (!checksumAgrees(region)) {
            throw checksumDisagrees(region);
        }
        MpbHeader header = header(region);
        boolean large = (header.attributes() & Attributes.LARGE_DISKS) != 0;
        long logSize = LOG_SIZE.get(raw, 0);
        if (logSize > size - MpbHeader.BYTES) {
            throw region.bad(STRUCTURE, LOG_SIZE.offset(), "a log of " + logSize + " bytes in an MPB of " + size);
        }
        long end = size - logSize;
        List<DiskEntry> disks = disks(region, end, large);
        long at = MpbHeader.BYTES + (long) DiskEntry.BYTES * disks.size();
        List<VolumeEntry> volumes = new ArrayList<>();
        for (int i = 0; i < VOLUMES.get(raw, 0); i++) {
            VolumeEntry volume = VolumeEntryCodec.decode(region, at, end, i, large, disks.size());
            volumes.add(volume);
            at += volume.bytes();
        }
        List<BadBlock> log = logSize == 0 ? List.of() : BadBlockCodec.decode(region, end, logSize, disks);
        Mpb mpb = new Mpb(header, disks, volumes, Raw.of(raw, at, end - at), log);
        MpbCheck.check(region, mpb);
        return mpb;
    }

    /** Whether the checksum is right; that the announced size is there must have been checked. */
    static boolean checksumAgrees(Region region) {
        return computed(region) == Checksum.FIELD.get(region.bytes(), 0);
    }

    private static long computed(Region region) {
        return Checksum.of(region.bytes(), SIZE.get(region.bytes(), 0));
    }

    static MetadataException checksumDisagrees(Region region) {
        return region.bad(
                STRUCTURE,
                Checksum.FIELD.offset(),
                "checksum " + Long.toHexString(Checksum.FIELD.get(region.bytes(), 0)) + ", the content's is "
                        + Long.toHexString(computed(region)));
    }

    /** The head of an MPB, whatever its checksum says. */
    static MpbHeader header(Region region) {
        MemorySegment raw = region.bytes();
        return new MpbHeader(
                Raw.of(raw, 0, MpbHeader.BYTES),
                VERSION.get(raw, 0),
                FAMILY.get(raw, 0),
                GENERATION.get(raw, 0),
                ATTRIBUTES.get(raw, 0),
                ORIG_FAMILY.get(raw, 0),
                VOLUMES_CREATED.get(raw, 0),
                CREATION_TIME.get(raw, 0));
    }

    private static List<DiskEntry> disks(Region region, long end, boolean large) throws MetadataException {
        int count = DISKS.get(region.bytes(), 0);
        if (count == 0) {
            throw region.bad(STRUCTURE, DISKS.offset(), "a disk table without entries");
        }
        region.need("disk table", MpbHeader.BYTES, (long) DiskEntry.BYTES * count, end);
        List<DiskEntry> disks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            disks.add(DiskEntryCodec.decode(region, MpbHeader.BYTES + (long) DiskEntry.BYTES * i, i, large));
        }
        return disks;
    }

    /** Bytes the MPB takes. */
    static int bytes(Mpb mpb, Blocks blocks) {
        int size = MpbHeader.BYTES + DiskEntry.BYTES * mpb.disks().size();
        for (VolumeEntry volume : mpb.volumes()) {
            size += volume.bytes();
        }
        return size + mpb.slack().length() + BadBlockCodec.bytes(mpb.badBlocks(), blocks);
    }

    /** The MPB as its bytes, checksum included. What the model does not know stays as it was read. */
    static byte[] encode(Mpb mpb, Blocks blocks) {
        byte[] bytes = new byte[bytes(mpb, blocks)];
        MemorySegment into = MemorySegment.ofArray(bytes);
        MpbHeader header = mpb.header();
        header.raw().copyTo(into, 0);
        SIGNATURE.set(into, 0, MpbHeader.SIGNATURE);
        VERSION.set(into, 0, header.version());
        SIZE.set(into, 0, bytes.length);
        FAMILY.set(into, 0, header.family());
        GENERATION.set(into, 0, header.generation());
        ATTRIBUTES.set(into, 0, header.attributes());
        DISKS.set(into, 0, mpb.disks().size());
        VOLUMES.set(into, 0, mpb.volumes().size());
        ORIG_FAMILY.set(into, 0, header.storedOrigFamily());
        VOLUMES_CREATED.set(into, 0, header.volumesCreated());
        CREATION_TIME.set(into, 0, header.creationTime());
        LOG_SIZE.set(into, 0, BadBlockCodec.bytes(mpb.badBlocks(), blocks));
        encodeTables(mpb, blocks, into);
        Checksum.FIELD.set(into, 0, Checksum.of(into, bytes.length));
        return bytes;
    }

    private static void encodeTables(Mpb mpb, Blocks blocks, MemorySegment into) {
        boolean large = (mpb.header().attributes() & Attributes.LARGE_DISKS) != 0;
        long at = MpbHeader.BYTES;
        for (DiskEntry disk : mpb.disks()) {
            DiskEntryCodec.encode(disk, blocks, large, into, at);
            at += DiskEntry.BYTES;
        }
        for (VolumeEntry volume : mpb.volumes()) {
            VolumeEntryCodec.encode(volume, blocks, large, into, at);
            at += volume.bytes();
        }
        mpb.slack().copyTo(into, at);
        BadBlockCodec.encode(mpb.badBlocks(), blocks, into, at + mpb.slack().length());
    }

    /** The head of metadata made by us. */
    static Raw freshHead() {
        MemorySegment head = MemorySegment.ofArray(new byte[MpbHeader.BYTES]);
        POWER_CYCLES.set(head, 0, 1);
        return Raw.of(head, 0, MpbHeader.BYTES);
    }
}
