package io.restripe.node.daemon;

import io.restripe.array.kernel.KernelContainer;
import io.restripe.assembly.ForeignData;
import io.restripe.check.ContainerCheck;
import io.restripe.check.Verdict;
import io.restripe.disk.DiskException;
import io.restripe.disk.FileDisk;
import io.restripe.env.Env;
import io.restripe.host.RunningContainer;
import io.restripe.metadata.MemberDisk;
import io.restripe.metadata.MetadataException;
import io.restripe.metadata.MetadataFormat;
import io.restripe.metadata.imsm.ImsmFormat;
import io.restripe.metadata.imsm.ImsmReport;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The core behind {@link ArrayEngine}. */
public final class CoreEngine implements ArrayEngine {
    private final Env env;
    private final MetadataFormat format;
    private final MemberLocks locks;
    private final BackendChooser chooser;

    public CoreEngine(Env env, RunFolder run) {
        this.env = env;
        this.locks = new MemberLocks(run.memberLocks());
        this.format = new ImsmFormat(env);
        this.chooser = new BackendChooser(new SystemHere(
                run, format, new Members(env, format, locks, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS, false)));
    }

    @Override
    public HostedContainer start(StartOptions options) throws ProblemException {
        FileDisk.Access use =
                options.backend() == Backend.KERNEL ? FileDisk.Access.BESIDE_KERNEL : FileDisk.Access.EXCLUSIVE;
        Members members = new Members(env, format, locks, options.memberTimeoutNanos(), options.volatileCache(), use);
        List<MemberDisk> disks = new ArrayList<>(members.open(options.members(), options.readOnly()));
        RunningContainer.Options how = RunningContainer.Options.normal()
                .withReadOnly(options.readOnly())
                .withStartDegraded(options.startDegraded())
                .withForce(options.force())
                .withCopyArea(options.copyArea());
        KernelContainer kernel = null;
        boolean started = false;
        try {
            if (options.backend() == Backend.KERNEL) {
                Residence.take();
                kernel = KernelContainer.open(env, options.name(), format.name(), disks);
                how = how.withBackend(kernel);
            }
            RunningContainer running = RunningContainer.start(env, options.name(), format, disks, how);
            started = true;
            closeUnused(disks, running);
            return new CoreContainer(env, running, options, members, disks, Optional.ofNullable(kernel));
        } finally {
            if (!started) {
                if (kernel != null) {
                    kernel.close();
                }
                disks.forEach(disk -> disk.disk().close());
            }
        }
    }

    /** Such as a stale member: whoever wants to add it again must be able to open it. */
    private static void closeUnused(List<MemberDisk> disks, RunningContainer running) {
        for (MemberDisk disk : List.copyOf(disks)) {
            if (running.disks().get(disk.serial()) != disk) {
                disk.disk().close();
                disks.remove(disk);
            }
        }
    }

    @Override
    public BackendChoice backendFor(StartOptions options, Optional<Backend> told) throws ProblemException {
        return chooser.forStarting(options, told);
    }

    @Override
    public BackendChoice backendFor(String container, CreateRequest request, Optional<Backend> told)
            throws ProblemException {
        return chooser.forCreating(container, request, told);
    }

    @Override
    public List<String> create(CreateRequest request) throws ProblemException {
        Members members = new Members(env, format, locks, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS, false);
        try (Newcomers newcomers = members.openForCreating(request.members(), request.files(), request.force())) {
            List<MemberDisk> disks = newcomers.disks();
            List<String> slots = disks.stream()
                    .limit(request.raidDevices())
                    .map(MemberDisk::serial)
                    .toList();
            RunningContainer.create(format, disks, request.spec(slots));
            newcomers.keepFiles();
            return SparseFiles.notes(disks);
        }
    }

    @Override
    public List<Report> examine(List<String> members) {
        return members.stream().map(this::examine).toList();
    }

    @Override
    public Verdict check(List<String> members, Optional<String> volume, ContainerCheck.Watcher watcher)
            throws ProblemException {
        List<MemberDisk> disks =
                new Members(env, format, locks, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS, false).open(members, true);
        try {
            return new ContainerCheck(format, watcher).check(disks, volume);
        } finally {
            disks.forEach(disk -> disk.disk().close());
        }
    }

    private Report examine(String member) {
        try {
            MemberDisk disk = new Members(env, format, locks, StartOptions.USUAL_MEMBER_TIMEOUT_NANOS, false)
                    .open(List.of(member), true)
                    .getFirst();
            try {
                return report(member, disk);
            } finally {
                disk.disk().close();
            }
        } catch (ProblemException e) {
            return failed(member, e.problem());
        }
    }

    private Report report(String member, MemberDisk disk) {
        try {
            Optional<ImsmReport> report = ImsmReport.of(disk);
            if (report.isPresent()) {
                Map<String, Object> fields = Json.map("member", member, "serial", disk.serial());
                fields.putAll(ReportFields.of(report.get().values()));
                return new Report(member, lines(member, report.get()), fields);
            }
            String other = ForeignData.probe(disk.disk()).stream()
                    .map(finding -> ", but " + finding)
                    .collect(Collectors.joining());
            return failed(
                    member,
                    new Problem(
                            "cannot examine " + member,
                            member,
                            "it carries no " + format.name() + " metadata: no signature at byte "
                                    + format.placeBytes(disk.disk()) + other,
                            "Name a member of a container"));
        } catch (MetadataException e) {
            return failed(
                    member,
                    new Problem(
                            "cannot understand the metadata of " + member,
                            member + ", " + e.structure() + (e.byteOffset() < 0 ? "" : " at byte " + e.byteOffset()),
                            String.valueOf(e.getMessage()),
                            "The other members may be whole: assemble without this one"));
        } catch (DiskException e) {
            return failed(
                    member,
                    new Problem("cannot read " + member, member, String.valueOf(e.getMessage()), "Check the disk"));
        }
    }

    private static List<String> lines(String member, ImsmReport report) {
        List<String> lines = new ArrayList<>(List.of("member: " + member));
        report.text().lines().forEach(lines::add);
        return lines;
    }

    private static Report failed(String member, Problem problem) {
        return new Report(member, List.of(), Json.map("member", member, "error", Json.ofProblem(problem)));
    }
}
