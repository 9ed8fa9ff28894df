package io.restripe.lab.kernel;

import io.restripe.disk.DiskException;
import io.restripe.disk.MemoryDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One change of one container, begun and cut at chosen moments by either side. The result of a cut is the images as the power failure left
 * them.
 */
final class HandOver {
    /** Of each member; fast enough to be bearable, slow enough that every moment lasts longer than it takes to see it. */
    private static final int KIB_PER_SECOND = 1500;

    private final Change change;
    private final List<Contents> contents;
    private final Path folder;
    private Images before;
    private List<MemoryDisk> beforeDisks;
    private List<MemoryDisk> afterDisks;
    private int copies;

    /** @param contents of each volume */
    HandOver(Change change, List<Contents> contents, Path folder) {
        this.change = change;
        this.contents = contents.subList(0, change.volumes());
        this.folder = folder.resolve(change.name());
    }

    Change change() {
        return change;
    }

    Images before() {
        return before;
    }

    /** New images for {@link #make}, and the places they take in its guest. */
    Images blank() throws IOException {
        before = Images.blank(folder.resolve("made"), change.firstDisk, change.disks(), change.diskMib());
        return before;
    }

    /** mdadm makes and fills the container before the change, and stops it. */
    void make(KernelOracle guest) throws IOException {
        KernelOracle container = before.in(guest, "made-" + change.ordinal());
        expect(
                "filled",
                contents.get(0),
                container.create(change.made(0), contents.get(0).file()));
        for (int v = 1; v < change.volumes(); v++) {
            expect(
                    "filled",
                    contents.get(v),
                    container
                            .volume(v)
                            .createMore(change.made(v), contents.get(v).file()));
        }
        if (change.rebuilt()) {
            int replaced = change.firstDisk + 1;
            container.replace(replaced, change.disks() == change.after.members());
            before = change.disks() == change.after.members() ? before : before.without(replaced);
        }
        container.stop();
    }

    private void expect(String when, Contents wanted, KernelOracle.Seen seen) {
        if (!seen.sha256().equals(wanted.sha256())) {
            throw new IllegalStateException(change + " " + when + ": contents are not what was written");
        }
    }

    /** To be called when the guest of {@link #make} has gone. */
    void learn() throws IOException {
        beforeDisks = before.load();
        afterDisks = OurSide.simulate(beforeDisks, current -> {}, (container, env) -> container.grow(change.ours()));
    }

    /** A new folder for images of this change. */
    Path newFolder(String name) {
        return folder.resolve(++copies + "-" + name);
    }

    /** Our reshape from the beginning, cut at these moments. */
    Map<Cut, Images> cutOurs(Set<Cut> wanted) throws IOException {
        return cutOurs(beforeDisks, wanted, "ours", true);
    }

    /** What we do with images that were left half-way, cut at the first of these moments; our end when none comes. */
    Images goOnAndCut(Images from, Set<Cut> wanted) throws IOException {
        Map<Cut, Images> cut = cutOurs(from.load(), wanted, "on", false);
        return cut.values().iterator().next();
    }

    private Map<Cut, Images> cutOurs(List<MemoryDisk> from, Set<Cut> wanted, String name, boolean begin)
            throws IOException {
        Moments moments = new Moments(change, beforeDisks, afterDisks);
        Map<Cut, List<MemoryDisk>> taken = new EnumMap<>(Cut.class);
        Set<Cut> open = EnumSet.copyOf(wanted);
        List<MemoryDisk> end = OurSide.simulate(
                from,
                current -> take(moments, current, open, taken, begin ? Integer.MAX_VALUE : 1),
                (container, env) -> {
                    if (begin) {
                        container.grow(change.ours());
                    }
                });
        if (taken.isEmpty()) {
            taken.put(Cut.FINISHED, end);
        }
        Map<Cut, Images> saved = new EnumMap<>(Cut.class);
        for (Map.Entry<Cut, List<MemoryDisk>> entry : taken.entrySet()) {
            saved.put(entry.getKey(), before.save(entry.getValue(), newFolder(name + "-" + entry.getKey())));
        }
        return saved;
    }

    private static void take(
            Moments moments, List<MemoryDisk> current, Set<Cut> open, Map<Cut, List<MemoryDisk>> taken, int most)
            throws DiskException {
        if (open.isEmpty() || taken.size() >= most) {
            return;
        }
        for (Cut cut : moments.now(current, open)) {
            if (taken.size() < most) {
                open.remove(cut);
                taken.put(cut, current.stream().map(MemoryDisk::snapshot).toList());
            }
        }
    }

    /**
     * mdadm's reshape of a copy of the container, cut at these moments: the guest is frozen and the images are copied. It goes on to its
     * end, contents compared. Moments can be missed.
     */
    Map<Cut, Images> cutMdadms(KernelOracle guest, Images copy, Set<Cut> wanted) throws IOException {
        KernelOracle container = copy.in(guest, "cut-" + change.ordinal());
        container.assemble();
        Map<Cut, Images> taken =
                watch(guest.guest(), copy, wanted, () -> container.reshape(change.mdadm(), KIB_PER_SECOND));
        String wrong = wrong(container, true);
        if (wrong != null) { // uninterrupted, so of no interest here
            throw new IllegalStateException(change + " by mdadm alone: " + wrong);
        }
        container.stop();
        return taken;
    }

    private Map<Cut, Images> watch(Guest guest, Images images, Set<Cut> wanted, Watch.Step step) throws IOException {
        Moments moments = new Moments(change, beforeDisks, afterDisks);
        return new Watch<Cut>(
                        guest,
                        images,
                        (members, open, frozen) -> moments.now(members, open),
                        cut -> newFolder("mdadms-" + cut))
                .during(step, wanted);
    }

    /** What mdadm goes on with from images that were left half-way, cut at the first of these moments; its end when none comes. */
    Images goOnAndCut(KernelOracle guest, Images copy, Set<Cut> wanted) throws IOException {
        KernelOracle container = copy.in(guest, "on-" + change.ordinal());
        Map<Cut, Images> taken = watch(guest.guest(), copy, wanted, () -> container.finish(90, KIB_PER_SECOND));
        container.stop();
        return taken.isEmpty() ? copy : taken.values().iterator().next();
    }

    /**
     * What is wrong with a running container: contents must be as ever, the size the new one, parity right.
     *
     * @param grown false: it is to have its old size
     * @return null when nothing is
     * @throws IOException when the size is not right (yet: md learns it from mdmon, and at the next assembly)
     */
    String wrong(KernelOracle container, boolean grown) throws IOException {
        Change.Shape shape = grown ? change.after : change.before;
        for (int v = 0; v < change.volumes(); v++) {
            KernelOracle volume = container.volume(v);
            KernelOracle.Seen seen = volume.look(contents.get(v).bytes());
            if (!seen.sha256().equals(contents.get(v).sha256())) {
                Path read = newFolder("read");
                volume.readOut(contents.get(v).bytes(), read);
                return "volume " + v + ": " + contents.get(v).wrongBlocks(read) + " blocks wrong";
            }
            if (seen.kib() != shape.kib()) {
                throw new IOException("FAILED: volume %d has %d KiB, not %d".formatted(v, seen.kib(), shape.kib()));
            }
            long mismatches = shape.level() == 5 ? volume.mismatches() : 0;
            if (mismatches != 0) {
                return "volume " + v + ": parity wrong in " + mismatches + " sectors";
            }
        }
        return null;
    }

    /** Whether a power failure came in the middle of a write of metadata. */
    static boolean isTorn(Images images) throws IOException {
        for (MemoryDisk disk : images.load()) {
            if (OnDisk.isTorn(disk)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the metadata says that the second volume's reshape has begun, and that nothing of it has moved. */
    static boolean isBetweenVolumes(Images images) throws IOException {
        for (MemoryDisk disk : images.load()) {
            OnDisk second = OnDisk.of(disk, 1).orElse(null);
            if (second != null && second.migrating() && second.type() == OnDisk.RESHAPE && second.unit() == 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether the metadata says that the reshape has begun. */
    boolean isBorn(Images images) throws IOException {
        for (MemoryDisk disk : images.load()) {
            for (int v = 0; v < change.volumes(); v++) {
                if (OnDisk.of(disk, v).filter(OnDisk::migrating).isPresent()) {
                    return true;
                }
            }
        }
        return false;
    }
}
