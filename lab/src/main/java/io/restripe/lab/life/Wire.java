package io.restripe.lab.life;

import io.restripe.env.Env;
import io.restripe.lab.sim.SimProcess;
import java.io.IOException;

/**
 * Calls into another simulated process: a thread of that process does the work, and goes on when the caller dies meanwhile; when its own
 * process dies, the caller finds the connection broken.
 */
final class Wire {
    private final SimProcess server;

    Wire(SimProcess server) {
        this.server = server;
    }

    /** What is done at the other end. */
    interface Call<T> {
        T run() throws IOException;
    }

    private static final class Answer<T> {
        private T value;
        private IOException refusal;
        private RuntimeException failure;
        private boolean given;
    }

    /** @throws IOException what the call threw, or that the other end is dead */
    <T> T call(String what, Call<T> call) throws IOException {
        Answer<T> answer = new Answer<>();
        Env.Worker serving = server.env().start(what, () -> {
            try {
                answer.value = call.run();
            } catch (IOException e) {
                answer.refusal = e;
            } catch (RuntimeException e) {
                answer.failure = e;
            }
            answer.given = true;
        });
        serving.join();
        if (!answer.given) {
            throw new IOException("the connection is broken: " + server + " is dead");
        }
        if (answer.failure != null) {
            throw new IllegalStateException(what + " failed in " + server, answer.failure);
        }
        if (answer.refusal != null) {
            throw answer.refusal;
        }
        return answer.value;
    }
}
