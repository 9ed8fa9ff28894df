package io.restripe.lab.kernel;

import io.restripe.disk.DiskException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;

/**
 * Lets a guest do something in which it writes, looks at the images all the time, and at the moments that are wanted freezes the guest
 * and copies them: each copy is what a power failure at that moment would have left. The guest goes on and knows nothing of it.
 */
final class Watch<K> {
    private final Guest guest;
    private final Images images;
    private final Look<K> look;
    private final Function<K, Path> folderOf;

    /** At which moments the images are. */
    interface Look<K> {
        /**
         * Answers for what is wanted.
         *
         * @param frozen whether nobody writes: only such an answer counts, so that else it may be hasty
         */
        Set<K> at(List<ImageView> members, Set<K> wanted, boolean frozen) throws DiskException;
    }

    /** What the guest does. */
    interface Step {
        void run() throws IOException;
    }

    /** @param folderOf a new folder for the copies of a moment */
    Watch(Guest guest, Images images, Look<K> look, Function<K, Path> folderOf) {
        this.guest = guest;
        this.images = images;
        this.look = look;
        this.folderOf = folderOf;
    }

    /** Copies of the images at each moment that came, once each; on return the step has ended well. */
    Map<K, Images> during(Step step, Set<K> wanted) throws IOException {
        Map<K, Images> taken = new LinkedHashMap<>();
        Set<K> open = new HashSet<>(wanted);
        List<ImageView> members = new ArrayList<>();
        FutureTask<Void> running = new FutureTask<>(() -> {
            step.run();
            return null;
        });
        try {
            for (Path image : images.disks().values()) {
                members.add(new ImageView(image));
            }
            guest.freeze(); // the first one takes longer than a moment may last
            guest.thaw();
            Thread.ofVirtual().start(running);
            while (!running.isDone() && !open.isEmpty()) {
                if (!look.at(members, open, false).isEmpty()) {
                    take(members, open, taken);
                }
            }
            guest.hurry();
            running.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            guest.stopDead();
            throw new IOException("interrupted", e);
        } finally {
            members.forEach(ImageView::close);
        }
        return taken;
    }

    private void take(List<ImageView> members, Set<K> open, Map<K, Images> taken) throws IOException {
        guest.freeze();
        try {
            for (K moment : look.at(members, Set.copyOf(open), true)) {
                if (open.remove(moment)) {
                    taken.put(moment, images.copyTo(folderOf.apply(moment)));
                }
            }
        } finally {
            guest.thaw();
        }
    }
}
