package io.restripe.metadata.imsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.restripe.codec.U32;
import io.restripe.metadata.Activity;
import io.restripe.metadata.Claim;
import io.restripe.metadata.Container;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.Volume;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged bytes end in a MetadataException that names its place, or in a value that has passed every check. Nothing else. */
class RobustnessTest {
    private static final long SEED = 20260131;

    /** Decodes and uses what comes out, all of it; returns whether the bytes were accepted. */
    private static boolean survives(MemberDisk member, byte[] mpb, Blocks blocks, MemorySegment record, String context)
            throws IOException {
        try {
            Mpb decoded = MpbCodec.decode(new Region(member.name(), MemorySegment.ofArray(mpb), blocks));
            ImsmClaim claim = claim(member, decoded, blocks, record);
            assertThat(new ImsmReport(new ReportBuilder(claim).build()).text()).isNotEmpty();
            Container container = ImsmSelection.choose(List.<Claim>of(claim), new Stamp(1, 1))
                    .metadata()
                    .container();
            for (Volume volume : container.volumes()) {
                assertThat(volume.componentSectors()).as(context).isPositive();
                assertThat(volume.arraySectors()).as(context).isNotNegative();
                if (volume.activity() instanceof Activity.Reshape reshape) {
                    assertThat(reshape.progress().unit()).as(context).isBetween(0L, reshape.units());
                }
            }
            return true;
        } catch (MetadataException e) {
            assertThat(e.structure()).as(context).isNotBlank();
            return false;
        } catch (RuntimeException e) {
            return fail(context + ": " + e, e);
        }
    }

    private static ImsmClaim claim(MemberDisk member, Mpb mpb, Blocks blocks, MemorySegment record) {
        Region region = new Region(member.name(), record, blocks);
        try {
            return new ImsmClaim(member, mpb, blocks, MigrationRecordCodec.decode(region), Optional.empty());
        } catch (MetadataException e) {
            return new ImsmClaim(member, mpb, blocks, Optional.empty(), Optional.of(e));
        }
    }

    private static byte[] bytes(Region region) {
        return region.bytes().toArray(ValueLayout.JAVA_BYTE);
    }

    private static void repairChecksum(byte[] mpb) {
        MemorySegment raw = MemorySegment.ofArray(mpb);
        Checksum.FIELD.set(raw, 0, Checksum.of(raw, mpb.length));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"02-r5-3d-idle", "19-rebuild", "23-bad-block-log", "30-grow-r5-3to4-copy", "38-grow-r5-4kn-copy"
            })
    void any_bit_flipped_is_an_error_or_a_checked_value(String name) throws IOException {
        MemberDisk member = Fixture.load(name).members.values().iterator().next();
        Region region = Placement.readMpb(member).orElseThrow();
        MemorySegment record = Placement.readRecord(member).bytes();
        int accepted = 0;
        int step = name.startsWith("30") ? 1 : 3;
        for (int bit = 0; bit < 8 * region.bytes().byteSize(); bit += step) {
            byte[] mpb = bytes(region);
            mpb[bit / 8] ^= (byte) (1 << bit % 8);
            String context = name + " bit " + bit;
            assertThat(survives(member, mpb, region.blocks(), record, context))
                    .as(context)
                    .isFalse();
            repairChecksum(mpb);
            accepted += survives(member, mpb, region.blocks(), record, context + " with a right checksum") ? 1 : 0;
        }
        // Unused bytes, names and the like may say anything: had nothing passed, the checks behind the checksum were
        // not reached.
        assertThat(accepted).isPositive();
    }

    @Test
    void any_bit_of_the_record_flipped_is_an_error_or_a_checked_value() throws IOException {
        MemberDisk member = Fixture.load("30-grow-r5-3to4-copy").members.get("ubda");
        Region region = Placement.readMpb(member).orElseThrow();
        for (int bit = 0; bit < 8 * MigrationRecordCodec.BYTES; bit++) {
            byte[] record = bytes(Placement.readRecord(member));
            record[bit / 8] ^= (byte) (1 << bit % 8);
            survives(member, bytes(region), region.blocks(), MemorySegment.ofArray(record), "record bit " + bit);
        }
    }

    @Test
    void any_truncation_is_an_error() throws IOException {
        MemberDisk member = Fixture.load("30-grow-r5-3to4-copy").members.get("ubda");
        Region region = Placement.readMpb(member).orElseThrow();
        for (int length = 0; length < region.bytes().byteSize(); length++) {
            MemorySegment part =
                    MemorySegment.ofArray(region.bytes().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
            assertThatThrownBy(() -> MpbCodec.decode(new Region("m", part, region.blocks())))
                    .isInstanceOf(MetadataException.class);
        }
    }

    @Test
    void an_announced_size_cut_to_anything_is_an_error() throws IOException {
        MemberDisk member = Fixture.load("30-grow-r5-3to4-copy").members.get("ubda");
        Region region = Placement.readMpb(member).orElseThrow();
        MemorySegment record = Placement.readRecord(member).bytes();
        for (int length = MpbHeader.BYTES; length < region.bytes().byteSize(); length++) {
            byte[] mpb = region.bytes().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            new U32(0x24).set(MemorySegment.ofArray(mpb), 0, length);
            repairChecksum(mpb);
            assertThat(survives(member, mpb, region.blocks(), record, "size " + length))
                    .isFalse();
        }
    }

    @Test
    void random_bytes_in_the_structures_are_an_error_or_a_checked_value() throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        MemberDisk member = Fixture.load("39-grow-two-volumes-second").members.get("loop0");
        Region region = Placement.readMpb(member).orElseThrow();
        MemorySegment record = Placement.readRecord(member).bytes();
        for (int round = 0; round < 3000; round++) {
            byte[] mpb = bytes(region);
            int count = 1 + random.nextInt(12);
            for (int i = 0; i < count; i++) {
                int at = 0x28 + random.nextInt(mpb.length - 0x28);
                mpb[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : random.nextBoolean() ? 0xff : 0);
            }
            repairChecksum(mpb);
            survives(member, mpb, region.blocks(), record, "seed " + SEED + " round " + round);
        }
    }

    @Test
    void a_metadata_region_of_noise_is_no_metadata_or_an_error() throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Integer> found = new ArrayList<>();
        for (int round = 0; round < 200; round++) {
            byte[] tail = new byte[64 * 512];
            random.nextBytes(tail);
            if (round % 2 == 1) {
                byte[] signature = MpbHeader.SIGNATURE.getBytes(StandardCharsets.ISO_8859_1);
                System.arraycopy(signature, 0, tail, tail.length - 1024, signature.length);
            }
            TailDisk disk = new TailDisk("noise", 4096, 512, tail, new ArrayList<>());
            try {
                if (Fixture.format()
                        .taste(new MemberDisk("noise", "noise", disk))
                        .isPresent()) {
                    found.add(round);
                }
            } catch (MetadataException e) {
                assertThat(e.member()).isEqualTo("noise");
                assertThat(e.byteOffset()).isNotNegative();
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    void a_disk_too_small_for_metadata_carries_none() throws IOException {
        TailDisk disk = new TailDisk("tiny", 1, 512, new byte[512], new ArrayList<>());
        assertThat(Fixture.format().taste(new MemberDisk("tiny", "tiny", disk))).isEmpty();
    }
}
