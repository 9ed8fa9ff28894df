package io.restripe.node.daemon;

import io.restripe.env.Env;
import io.restripe.node.device.Attacher;
import io.restripe.node.rpc.Json;
import io.restripe.node.rpc.RunFolder;
import io.restripe.os.Threads;
import io.restripe.parity.Parity;
import io.restripe.rule.Problem;
import io.restripe.rule.ProblemException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The life of a host process: claim the name, start the container, tell the parent on standard output how that went (one JSON line,
 * ok or error), answer requests until stopped. SIGTERM and SIGINT stop it cleanly; SIGKILL is a power cut, which it is made for.
 */
public final class HostMain {
    private static final System.Logger LOG = System.getLogger("io.restripe.node.daemon");

    private final Env env;
    private final RunFolder run;
    private final ArrayEngine engine;
    private final AtomicBoolean stopped = new AtomicBoolean();

    public HostMain(Env env, RunFolder run, ArrayEngine engine) {
        this.env = env;
        this.run = run;
        this.engine = engine;
    }

    /**
     * Runs until the container is stopped.
     *
     * @param verdict where the one line goes
     * @return exit status
     */
    public int run(StartOptions options, PrintStream verdict) {
        try (RunFolder.Claim claim = run.claim(options.name())) {
            try {
                serve(options, verdict, claim);
                return 0;
            } catch (RuntimeException | Error e) {
                claim.keepLog();
                throw e;
            }
        } catch (ProblemException e) {
            LOG.log(System.Logger.Level.ERROR, e.problem().text());
            tell(verdict, Json.map("error", Json.ofProblem(e.problem())));
            return 1;
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "the host process fails", e);
            Problem problem = new Problem(
                    "cannot start " + options.name(),
                    "host process",
                    "an error of restripe itself: " + e,
                    "Its log has the details: " + run.log(options.name()) + "; please report it");
            tell(verdict, Json.map("error", Json.ofProblem(problem)));
            return 1;
        }
    }

    private void serve(StartOptions options, PrintStream verdict, RunFolder.Claim claim) throws ProblemException {
        HostedContainer container = engine.start(options);
        VolumeExports exports = null;
        Attachments attachments = null;
        HostServer server;
        try {
            exports = VolumeExports.open(env, container, run.nbdSocket(options.name()), options.listen());
            attachments =
                    Attachments.resumed(env, container, exports, attacher(options.name()), options.volatileCache());
            server = HostServer.open(env, run, container, exports, attachments);
        } catch (ProblemException e) {
            if (attachments != null) {
                attachments.leaveAll();
            }
            if (exports != null) {
                exports.close();
            }
            container.stop();
            throw e;
        }
        VolumeExports served = exports;
        Attachments devices = attachments;
        Thread atExit = Thread.ofPlatform().unstarted(() -> stopOnSignal(container, served, devices, claim));
        Runtime.getRuntime().addShutdownHook(atExit);
        tell(verdict, Json.map("ok", server.status()));
        LOG.log(System.Logger.Level.INFO, "{0} is running, process {1}", options.name(), pid());
        if (options.backend() == Backend.EMBEDDED && HostJvm.optimises()) {
            Thread.ofPlatform().daemon().name("parity warm-up").start(HostMain::warmUpParity);
        }
        server.awaitFinish();
        stopped.set(true);
        LOG.log(System.Logger.Level.INFO, "{0} is stopped", options.name());
    }

    /** The array computes its parity here: as fast as the processor can, once that is compiled and proved right. */
    private static void warmUpParity() {
        try {
            boolean lowly = Threads.yieldsToAll();
            LOG.log(System.Logger.Level.DEBUG, "parity is prepared {0}", lowly ? "in the background" : "at once");
            Parity.warmUp();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "parity stays scalar", e);
        }
    }

    private Attacher attacher(String container) {
        return new Attacher(env, run.folder(container), container, run.nbdSocket(container));
    }

    private static String pid() {
        return Long.toString(ProcessHandle.current().pid());
    }

    private static void tell(PrintStream verdict, java.util.Map<String, Object> message) {
        verdict.println(Json.line(message));
        verdict.flush();
    }

    private void stopOnSignal(
            HostedContainer container, VolumeExports exports, Attachments attachments, RunFolder.Claim claim) {
        if (!stopped.compareAndSet(false, true)) {
            return;
        }
        try {
            attachments.leaveAll();
            exports.close();
            Optional<Problem> unrecorded = container.stop();
            claim.close();
            if (unrecorded.isPresent()) {
                LOG.log(System.Logger.Level.ERROR, unrecorded.get().text());
                return;
            }
            LOG.log(System.Logger.Level.INFO, "{0} is stopped by a signal", container.name());
            Runtime.getRuntime().halt(0); // a clean stop, where the JVM's own status would tell of the signal
        } catch (ProblemException e) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "stopping on a signal: " + e.problem().text());
        }
    }
}
