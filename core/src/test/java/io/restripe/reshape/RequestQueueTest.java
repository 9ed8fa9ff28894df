package io.restripe.reshape;

import static org.assertj.core.api.Assertions.assertThat;

import io.restripe.env.SystemEnv;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestQueueTest {
    private final RequestQueue queue = new RequestQueue(new SystemEnv());

    /** Asks on a thread of its own; what became of it. */
    private Thread ask(Request request, CountDownLatch asked, CompletableFuture<String> outcome) {
        return Thread.ofPlatform().daemon().start(() -> {
            try {
                outcome.complete(queue.call(request, asked::countDown).toString());
            } catch (IOException e) {
                outcome.complete(e.getMessage());
            }
        });
    }

    @Test
    void a_request_given_up_before_it_is_taken_up_never_takes_effect() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<String> outcome = new CompletableFuture<>();
        Thread asker = ask(new Request.CancelReshape(0), asked, outcome);
        asked.await();
        asker.interrupt();
        assertThat(outcome.get()).contains("withdrawn");
        assertThat(queue.answerNext(request -> {
                    throw new AssertionError(request);
                }))
                .isFalse();
    }

    @Test
    void a_request_that_breaks_its_handler_is_answered_and_the_next_one_too() throws Exception {
        CountDownLatch asked = new CountDownLatch(2);
        CompletableFuture<String> first = new CompletableFuture<>();
        CompletableFuture<String> second = new CompletableFuture<>();
        ask(new Request.PingManager(), asked, first);
        ask(new Request.PingManager(), asked, second);
        asked.await();
        queue.answerNext(_ -> {
            throw new IllegalStateException("not now");
        });
        queue.answerNext(_ -> new Reply.Ok());
        assertThat(new String[] {first.get(), second.get()})
                .anyMatch(text -> text.contains("not now"))
                .anyMatch(text -> text.contains("Ok"));
    }
}
