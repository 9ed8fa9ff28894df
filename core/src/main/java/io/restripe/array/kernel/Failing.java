package io.restripe.array.kernel;

import io.restripe.array.AttributeException;
import io.restripe.env.Env;

/** A member that is being failed past the array's configuration mutex, by a thread of its own. One use. */
final class Failing {
    private final KernelArray array;
    private final String member;
    private final Env.Worker worker;
    private volatile boolean done;

    Failing(Env env, KernelArray array, String member) {
        this.array = array;
        this.member = member;
        this.worker = env.start(array.name() + "-fails", this::run);
    }

    private void run() {
        System.Logger log = System.getLogger("io.restripe.kernel");
        try {
            if (array.needs(member)) {
                log.log(
                        System.Logger.Level.WARNING,
                        "{0}: bad blocks of {1} cannot be acknowledged, and it cannot be failed: the array needs it",
                        array.name(),
                        member);
                return;
            }
            log.log(
                    System.Logger.Level.WARNING,
                    "{0}: {1} fails, its bad blocks cannot be acknowledged while the array waits for that",
                    array.name(),
                    member);
            array.failPastMutex(member);
        } catch (AttributeException e) {
            log.log(System.Logger.Level.WARNING, "{0}", e.getMessage()); // tried again when it is due again
        } finally {
            done = true;
            array.wakeSubscribers();
        }
    }

    boolean isDone() {
        return done;
    }

    void join() {
        worker.join();
    }
}
