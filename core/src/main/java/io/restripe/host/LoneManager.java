package io.restripe.host;

import io.restripe.array.ArrayBackend;
import io.restripe.array.ArrayControl;
import io.restripe.array.AttributeException;
import io.restripe.array.ServedArray;
import io.restripe.array.remote.RemoteArray;
import io.restripe.env.Env;
import io.restripe.metadata.ContainerMetadata;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.ReshapeGoal;
import io.restripe.metadata.Volume;
import io.restripe.reshape.GrowRequest;
import io.restripe.reshape.ReshapeManager;
import io.restripe.reshape.ReshapePlanner;
import io.restripe.reshape.Surroundings;
import io.restripe.reshape.wire.SocketLink;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A reshape manager in a process of its own. What is recorded it reads from the members each time it needs it. */
public final class LoneManager implements AutoCloseable {
    private final String name;
    private final LiveLook members;
    private final Map<Integer, ArrayControl> arrays = new LinkedHashMap<>();
    private final List<Closing> closings = new ArrayList<>();
    private final SocketLink link;
    private final ReshapeManager manager;

    /** The end of a use of an array. */
    private interface Closing {
        void close() throws IOException;
    }

    private LoneManager(Env env, String name, MetadataFormat format, List<MemberDisk> members, Path monitorSocket) {
        this.name = name;
        this.members = new LiveLook(env, format, members);
        this.link = new SocketLink(env, monitorSocket);
        this.manager = new ReshapeManager(new Surroundings(env, link, this::metadata, this::array, this::disks));
    }

    /**
     * @param members the container's disks, spares included, opened without the lock that the array's process holds
     * @param arraySocket where the arrays are
     * @param monitorSocket where the monitor is
     */
    public LoneManager(
            Env env, String name, MetadataFormat format, List<MemberDisk> members, Path arraySocket, Path monitorSocket)
            throws ProblemException {
        this(env, name, format, members, monitorSocket);
        for (Volume volume : this.members.look().container().volumes()) {
            RemoteArray array = new RemoteArray(env, arraySocket, ArrayHost.arrayName(name, volume));
            arrays.put(volume.index(), array);
            closings.add(array::close);
        }
    }

    /**
     * Over arrays that run elsewhere in the system.
     *
     * @param members as above
     * @param running gives the arrays; closed with this
     */
    public static LoneManager over(
            Env env,
            String name,
            MetadataFormat format,
            List<MemberDisk> members,
            ArrayBackend running,
            Path monitorSocket)
            throws ProblemException {
        LoneManager lone = new LoneManager(env, name, format, members, monitorSocket);
        try {
            for (Volume volume : lone.members.look().container().volumes()) {
                if (!running.isRunning(volume.index())) {
                    throw new ProblemException(new Problem(
                            "cannot reshape in container " + name,
                            "volume " + volume.name(),
                            "it does not run",
                            "Start it first: restripe assemble " + name + " --backend=kernel MEMBER..."));
                }
                ServedArray array = running.array(ArrayHost.arrayName(name, volume), volume.index(), lone::disks);
                lone.arrays.put(volume.index(), array);
                lone.closings.add(array::close);
            }
        } catch (AttributeException e) {
            throw MonitorCalls.problem("cannot reshape in container " + name, e);
        }
        lone.closings.add(running::close);
        return lone;
    }

    /** Runs a request, or, when there is none, takes up what is half-way; returns when there is nothing left to do or it cannot go on. */
    public void run(Optional<GrowRequest> request) throws ProblemException {
        manager.run(request.isPresent() ? goals(request.get()) : List.of());
        Optional<Problem> problem = manager.problem();
        if (problem.isPresent()) {
            throw new ProblemException(problem.get());
        }
    }

    /** Takes up what is half-way, whoever began it; where nothing is, begins what is asked for, if anything is. */
    public void takeUpOrBegin(GrowRequest request) throws ProblemException {
        boolean asked = request.raidDisks().isPresent()
                || request.chunkSectors().isPresent()
                || request.level().isPresent();
        run(asked && !ReshapeManager.hasWork(members.look().container()) ? Optional.of(request) : Optional.empty());
    }

    private List<ReshapeGoal> goals(GrowRequest request) throws ProblemException {
        try {
            return ReshapePlanner.plan(name, metadata(), request).goals();
        } catch (ProblemException e) {
            manager.tidyUp();
            throw e;
        }
    }

    private ArrayControl array(int volume) {
        return arrays.get(volume);
    }

    private ContainerMetadata metadata() {
        try {
            return members.look().metadata();
        } catch (ProblemException e) {
            throw new IllegalStateException(e.problem().text(), e);
        }
    }

    private Map<String, MemberDisk> disks() {
        Map<String, MemberDisk> bySerial = new LinkedHashMap<>();
        members.members().forEach(member -> bySerial.put(member.serial(), member));
        return bySerial;
    }

    @Override
    public void close() throws IOException {
        link.close();
        for (Closing closing : closings) {
            closing.close();
        }
    }
}
