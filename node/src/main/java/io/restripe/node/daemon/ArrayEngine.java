package io.restripe.node.daemon;

import io.restripe.check.ContainerCheck;
import io.restripe.check.Verdict;
import io.restripe.rule.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the command and the host need of the core, in the words of their options. Any thread may call. */
public interface ArrayEngine {
    /** Starts a container from its members. The members are locked until it is stopped. */
    HostedContainer start(StartOptions options) throws ProblemException;

    /**
     * Who does the I/O of a container that is about to be started with these options, whatever back end they name.
     *
     * @param told what the user wants; empty: what suits the members and this system
     * @throws ProblemException when what was told cannot be
     */
    BackendChoice backendFor(StartOptions options, Optional<Backend> told) throws ProblemException;

    /** The same for one that is about to be made. */
    BackendChoice backendFor(String container, CreateRequest request, Optional<Backend> told) throws ProblemException;

    /** Makes a container with one volume on members; durable on return, and not running. Gives notes for a person. */
    List<String> create(CreateRequest request) throws ProblemException;

    /**
     * What the metadata of members says, one report a member in their order. Strictly read-only. A member that cannot be read or is
     * damaged is a report with a problem, so that the others are still told.
     */
    List<Report> examine(List<String> members);

    /**
     * Checks a container that does not run: its metadata, then parity or copies. Strictly read-only.
     *
     * @param volume the only one whose contents are compared; empty: all
     */
    Verdict check(List<String> members, Optional<String> volume, ContainerCheck.Watcher watcher)
            throws ProblemException;

    /**
     * One member's report.
     *
     * @param member as it was named
     * @param lines for people, empty when there is a problem
     * @param fields the same for programs; has "error" when there is a problem
     */
    record Report(String member, List<String> lines, Map<String, Object> fields) {
        public Report {
            lines = List.copyOf(lines);
        }
    }
}
