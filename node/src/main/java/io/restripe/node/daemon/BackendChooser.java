package io.restripe.node.daemon;

import io.restripe.assembly.CopyAreaUse;
import io.restripe.consistency.ConsistencyPolicy;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Chooses who does the I/O of a container where nobody says so: Linux md, when all members are block devices and it can; else the host
 * process. What runs already decides. What was told is obeyed, or refused with the reason. Stateless but for what it asks.
 */
final class BackendChooser {
    private static final String ELSE =
            "Leave --backend out, and what suits the members is chosen; or say --backend=embedded:"
                    + " then the host process does the I/O";

    private static final Objection NO_DEVICE = Objection.obvious("no member is a block device");
    private static final Objection NOT_KNOWN = Objection.obvious("what the members hold is not known");

    /**
     * Why md cannot do the I/O.
     *
     * @param told also to somebody who did not ask for md; what is obvious is not
     */
    private record Objection(String why, boolean told) {
        static Objection obvious(String why) {
            return new Objection(why, false);
        }

        static Objection because(String why) {
            return new Objection(why, true);
        }
    }

    /** What there is on this system at the moment. */
    interface Here {
        boolean isBlockDevice(String member);

        /** The kernel's name of a container object that has one of these block devices. */
        Optional<String> running(List<String> devices) throws ProblemException;

        /** A block device that waits for the next host process of this container. */
        Optional<String> waiting(String container);

        /** Why md cannot run arrays of these levels; empty when it can. */
        Optional<String> withoutMd(Set<String> levels);

        /** What the members say that they hold; empty when they cannot be made sense of, which starting will explain. */
        Optional<List<Held>> volumes(List<String> members, CopyAreaUse copyArea);
    }

    /**
     * A volume, as far as it matters to md.
     *
     * @param levels md's words for what it is and becomes
     * @param reshapes it is half-way through a reshape
     */
    record Held(String name, Set<String> levels, ConsistencyPolicy policy, boolean reshapes) {}

    private final Here here;

    BackendChooser(Here here) {
        this.here = here;
    }

    /**
     * For a container that is made now.
     *
     * @param told what the user wants; empty: whatever suits
     * @throws ProblemException when that cannot be: nothing was changed
     */
    BackendChoice forCreating(String container, CreateRequest request, Optional<Backend> told) throws ProblemException {
        if (told.equals(Optional.of(Backend.EMBEDDED))) {
            return BackendChoice.plain(Backend.EMBEDDED);
        }
        Held volume = new Held(request.volume(), Set.of("raid" + request.mdLevel()), request.policy(), false);
        if (told.isEmpty()) {
            return suits(request.members(), () -> Optional.of(List.of(volume)));
        }
        Optional<Objection> objection = against(request.members(), () -> Optional.of(List.of(volume)));
        if (objection.isPresent()) {
            throw refused(
                    container, "Linux md cannot do the I/O: " + objection.get().why(), ELSE);
        }
        return BackendChoice.plain(Backend.KERNEL);
    }

    /**
     * For a container that is started from its members.
     *
     * @param options whatever back end they name
     * @param told as above
     */
    BackendChoice forStarting(StartOptions options, Optional<Backend> told) throws ProblemException {
        if (told.equals(Optional.of(Backend.KERNEL)) || options.readOnly() || options.volatileCache()) {
            return BackendChoice.plain(told.orElse(Backend.EMBEDDED));
        }
        List<String> devices =
                options.members().stream().filter(here::isBlockDevice).toList();
        Optional<String> running = devices.isEmpty() ? Optional.empty() : here.running(devices);
        if (running.isPresent()) {
            if (told.isPresent()) {
                throw refused(
                        options.name(),
                        running.get() + " of Linux md has these disks",
                        "Leave --backend out: what runs is taken over as it is. Or stop that first: cat /proc/mdstat, mdadm --stop");
            }
            return BackendChoice.because(
                    Backend.KERNEL,
                    running.get() + " of Linux md has these disks already: md goes on doing the I/O of what runs");
        }
        if (told.isPresent()) {
            return BackendChoice.plain(told.get());
        }
        Optional<String> waiting = here.waiting(options.name());
        if (waiting.isPresent() && !devices.isEmpty()) {
            return BackendChoice.because(
                    Backend.EMBEDDED,
                    waiting.get() + " waits for this host process, which does the I/O as the one before");
        }
        return suits(options.members(), () -> here.volumes(options.members(), options.copyArea()));
    }

    /** Volumes that are looked for when the members leave a choice. */
    private interface Volumes {
        Optional<List<Held>> get();
    }

    private BackendChoice suits(List<String> members, Volumes volumes) {
        return against(members, volumes)
                .map(objection -> objection.told()
                        ? BackendChoice.because(
                                Backend.EMBEDDED, "the host process does the I/O, and not Linux md: " + objection.why())
                        : BackendChoice.plain(Backend.EMBEDDED))
                .orElseGet(() -> BackendChoice.because(
                        Backend.KERNEL,
                        "the members are block devices and Linux md is here: md does the I/O, and goes on when the host"
                                + " process dies; --backend=embedded lets the host process do it"));
    }

    /** Why md cannot do the I/O; empty when it can. */
    private Optional<Objection> against(List<String> members, Volumes volumes) {
        if (members.stream().noneMatch(here::isBlockDevice)) {
            return Optional.of(NO_DEVICE);
        }
        Optional<Objection> objection = members.stream()
                .filter(member -> !here.isBlockDevice(member))
                .findFirst()
                .map(member -> member + " is no block device")
                .or(() -> here.withoutMd(Set.of()))
                .map(Objection::because);
        if (objection.isPresent()) {
            return objection;
        }
        Optional<List<Held>> held = volumes.get();
        return held.isEmpty() ? Optional.of(NOT_KNOWN) : against(held.get());
    }

    private Optional<Objection> against(List<Held> volumes) {
        Set<String> levels = new TreeSet<>();
        for (Held volume : volumes) {
            levels.addAll(volume.levels());
            if (volume.reshapes() && volume.policy() != ConsistencyPolicy.RESYNC) {
                return Optional.of(Objection.because(
                        "volume " + volume.name() + " is half-way through a reshape with --consistency-policy="
                                + volume.policy().word() + ", and md does none with that"));
            }
        }
        return here.withoutMd(levels).map(Objection::because);
    }

    private static ProblemException refused(String container, String why, String remedy) {
        return new ProblemException(
                new Problem("cannot start " + container + " with that back end", "--backend", why, remedy));
    }
}
