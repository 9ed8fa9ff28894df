package io.restripe.node.cli;

import io.restripe.node.rpc.Json;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;

/** Shows on files in a temporary folder what the product is for; everything it tells is measured while it runs. */
final class DemoVerb extends Verb {
    DemoVerb() {
        super("demo", "Grow an array under load, cut the power meanwhile, and verify every byte");
    }

    @Override
    void describe(CommandSpec spec) {
        arguments(spec, "[OPTION...]", "", "Nothing");
        spec.addOption(value("N", "How often the power is cut; default 3", "--cuts"));
        spec.addOption(value("SIZE", "Size of each of the four members (KiB, or K, M, G); default 64M", "--file-size"));
        spec.addOption(value("FOLDER", "Where to make the files; default: a temporary folder", "--folder"));
        spec.addOption(
                value("SEED", "Repeats the load and the moments of the cuts, as far as timing allows", "--seed"));
        spec.addOption(flag("Leave the files there", "--keep"));
        text(
                spec,
                "A RAID5 of three files is created, filled and put under a load that verifies what it reads; a fourth file is",
                "added and the array grown. In the middle of that its host process is killed with SIGKILL and writes that",
                "were not flushed are lost, as in a power cut. The array is assembled again, verified, cut again, finished",
                "and verified to the last byte.");
    }

    /** Leaves neither processes nor files behind, unless the files shall stay. */
    private static void interrupt(Demo demo, Line line, Session session) {
        try {
            demo.interrupt();
            if (!line.has("--keep")) {
                demo.removeFiles();
            }
            session.note("Interrupted.");
        } catch (ProblemException | IOException e) {
            session.note("Interrupted, and not all of it could be removed: " + e.getMessage());
        }
    }

    @Override
    int run(Line line, Session session) throws ProblemException, IOException {
        line.atMost(0);
        int cuts = line.number("--cuts", 0, 20).orElse(3);
        long fileBytes = line.has("--file-size") ? line.size("--file-size", Sizes.KIB) : 64 << 20;
        if (fileBytes < 32 << 20 || fileBytes > 1L << 30) {
            throw line.usage("--file-size", "choose 32M to 1G");
        }
        long seed = line.has("--seed")
                ? line.number("--seed", 0, Integer.MAX_VALUE).getAsInt()
                : session.env().random().nextInt(1_000_000);
        Path folder = line.text("--folder").map(Path::of).orElse(null);
        if (folder == null) {
            folder = Files.createTempDirectory("restripe-demo-");
        } else {
            Files.createDirectories(folder);
        }
        Demo demo = new Demo(session, folder.toAbsolutePath(), fileBytes, cuts, seed);
        Thread atInterrupt = Thread.ofPlatform().unstarted(() -> interrupt(demo, line, session));
        Runtime.getRuntime().addShutdownHook(atInterrupt);
        boolean good = false;
        try {
            good = demo.run();
        } catch (ProblemException | IOException e) {
            if (demo.interrupted()) {
                return Main.FAILED; // the interrupt tidies up
            }
            throw e;
        } finally {
            if (Follower.removeHook(atInterrupt)) {
                demo.killHost();
                if (line.has("--keep") || !good) {
                    session.note("The files are in " + folder);
                } else {
                    demo.removeFiles();
                }
            }
        }
        if (session.json()) {
            session.result(Json.map("survived", good, "seed", seed, "cuts", demo.cuts()), "");
        }
        return good ? Main.OK : Main.FAILED;
    }
}
