package io.restripe.node.daemon;

import io.restripe.assembly.CopyAreaUse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * How a container is started.
 *
 * @param name its name on this host
 * @param members {@code PATH}, {@code PATH@SERIAL} or the URI of an export, absolute
 * @param readOnly nothing is written to any member
 * @param startDegraded start although members are missing that the metadata did not know as missing
 * @param force accept a doubtful state (dirty and degraded)
 * @param copyArea what to make of a copy area that does not explain itself
 * @param memberTimeoutNanos how long a member on a server may not be there, or be silent, before it has failed
 * @param listen how its volumes are served on TCP too
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
        long memberTimeoutNanos,
        Optional<TcpService> listen,
        Backend backend,
        boolean volatileCache) {
    /** How long a member on a server may be away where nobody says otherwise, in seconds. */
    public static final int USUAL_MEMBER_TIMEOUT = 30;

    /** The same in nanoseconds. */
    public static final long USUAL_MEMBER_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(USUAL_MEMBER_TIMEOUT);

    public StartOptions {
        members = List.copyOf(members);
    }

    /** To run it, with nothing missing and nothing in doubt. */
    public static StartOptions normal(String name, List<String> members, long memberTimeoutNanos) {
        return new StartOptions(
                name,
                members,
                false,
                false,
                false,
                CopyAreaUse.ASK,
                memberTimeoutNanos,
                Optional.empty(),
                Backend.EMBEDDED,
                false);
    }

    /** To look at its contents with the members that there are, and to write nothing. */
    public static StartOptions view(String name, List<String> members, CopyAreaUse copyArea) {
        return new StartOptions(
                name,
                members,
                true,
                true,
                false,
                copyArea,
                USUAL_MEMBER_TIMEOUT_NANOS,
                Optional.empty(),
                Backend.EMBEDDED,
                false);
    }

    public StartOptions withBackend(Backend other) {
        return new StartOptions(
                name,
                members,
                readOnly,
                startDegraded,
                force,
                copyArea,
                memberTimeoutNanos,
                listen,
                other,
                volatileCache);
    }
}
