package io.restripe.node.daemon;

import io.restripe.assembly.CopyAreaUse;
import java.util.List;
import java.util.Optional;

/**
 * How a container is started.
 *
 * @param name its name on this host
 * @param members {@code PATH} or {@code PATH@SERIAL}, absolute
 * @param readOnly nothing is written to any member
 * @param startDegraded start although members are missing that the metadata did not know as missing
 * @param force accept a doubtful state (dirty and degraded)
 * @param copyArea what to make of a copy area that does not explain itself
 * @param listen a TCP address on which its volumes are served too
 * @param backend who does the I/O of its arrays
 * @param volatileCache every member forgets what was not flushed when the process dies: for the demonstration and tests
 */
public record StartOptions(
        String name,
        List<String> members,
        boolean readOnly,
        boolean startDegraded,
        boolean force,
        CopyAreaUse copyArea,
        Optional<ListenAddress> listen,
        Backend backend,
        boolean volatileCache) {
    public StartOptions {
        members = List.copyOf(members);
    }

    /** To run it, with nothing missing and nothing in doubt. */
    public static StartOptions normal(String name, List<String> members) {
        return new StartOptions(
                name, members, false, false, false, CopyAreaUse.ASK, Optional.empty(), Backend.EMBEDDED, false);
    }

    /** To look at its contents with the members that there are, and to write nothing. */
    public static StartOptions view(String name, List<String> members, CopyAreaUse copyArea) {
        return new StartOptions(name, members, true, true, false, copyArea, Optional.empty(), Backend.EMBEDDED, false);
    }

    public StartOptions withBackend(Backend other) {
        return new StartOptions(name, members, readOnly, startDegraded, force, copyArea, listen, other, volatileCache);
    }
}
