package io.restripe.lab;

import io.restripe.lab.crash.ReshapeCase;
import io.restripe.lab.life.Life;
import io.restripe.lab.life.PowerCuts;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** {@code lab sim}: long lives, each from its seed, so many or for so long. What is wrong is told with the seed that shows it again. */
final class SimCommand {
    private final Arguments arguments;
    private final PrintStream out;
    private final List<ReshapeCase> cases;
    private final AtomicLong nextRun = new AtomicLong();
    private final AtomicLong lives = new AtomicLong();
    private final AtomicLong cuts = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private final Life.Tally tally = new Life.Tally();
    private final long began = System.nanoTime();

    SimCommand(Arguments arguments, PrintStream out) {
        this.arguments = arguments;
        this.out = out;
        this.cases = ReshapeCase.named(arguments.text("case")).stream()
                .filter(which -> which.reshapes() && which.past() != ReshapeCase.Past.LOST_A_MEMBER)
                .toList();
    }

    /** @return 0 when nothing was wrong */
    int run() {
        List<Thread> workers = new ArrayList<>();
        for (int w = 0; w < arguments.count("jobs", 1); w++) {
            workers.add(Thread.ofPlatform().start(this::work));
        }
        try {
            for (Thread worker : workers) {
                worker.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        out.println(summary());
        return wrong.get() == 0 ? 0 : 1;
    }

    private String summary() {
        double seconds = (System.nanoTime() - began) / 1e9;
        synchronized (tally) {
            return String.format(
                    "%d lives to seed %d, %d power cuts of hosts; actors: %s; %d wrong, %.1f lives a second",
                    lives.get(),
                    arguments.number("seed", 1) + (nextRun.get() - 1) / cases.size(),
                    cuts.get(),
                    tally,
                    wrong.get(),
                    lives.get() / seconds);
        }
    }

    private void work() {
        for (long run = nextRun.getAndIncrement(); isWanted(run); run = nextRun.getAndIncrement()) {
            ReshapeCase which = cases.get((int) (run % cases.size()));
            live(which, arguments.number("seed", 1) + run / cases.size());
            if (lives.get() % 500 == 0) {
                out.println(summary());
            }
        }
    }

    private boolean isWanted(long run) {
        if (wrong.get() >= arguments.number("failures", 10)) {
            return false;
        }
        long minutes = arguments.number("minutes", 0);
        return minutes > 0
                ? System.nanoTime() - began < minutes * 60_000_000_000L
                : run < arguments.number("runs", 10) * cases.size();
    }

    private void live(ReshapeCase which, long seed) {
        String kind = arguments.text("kind");
        if (!"power".equals(kind)) {
            attempt(() -> {
                Life.Tally lived = new Life(which, seed).run();
                synchronized (tally) {
                    tally.add(lived);
                }
            });
        }
        if (!"actors".equals(kind)) {
            attempt(() -> cuts.addAndGet(new PowerCuts(which, seed).run()));
        }
    }

    private void attempt(Runnable life) {
        lives.incrementAndGet();
        try {
            life.run();
        } catch (IllegalStateException e) {
            wrong.incrementAndGet();
            out.println("WRONG " + e.getMessage());
        }
    }
}
