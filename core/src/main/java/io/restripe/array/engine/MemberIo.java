package io.restripe.array.engine;

import io.restripe.disk.Pace;
import io.restripe.env.Env;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks members in parallel: a batch is worked off by a small pool of threads and by the asker itself. While members answer from memory
 * the asker does small batches alone: to wake others takes longer than the work. Any thread may ask.
 */
final class MemberIo {
    private static final int HELPERS_IN_MEMORY = 1;
    /** So many are not worth looking for those that adjoin. */
    private static final int FEW = 4;

    /** Who works alone may take this much longer before it is worth a thread for each member. */
    private static final int COPIES_OF_SPARING = 4;

    private final Env env;
    private final MemberThreads threads;
    private final Pace pace;
    private final int helpersInMemory;

    MemberIo(Env env, MemberThreads threads) {
        this(env, threads, new Pace(), HELPERS_IN_MEMORY);
    }

    private MemberIo(Env env, MemberThreads threads, Pace pace, int helpersInMemory) {
        this.env = env;
        this.threads = threads;
        this.pace = pace;
        this.helpersInMemory = helpersInMemory;
    }

    /**
     * The same threads, for who must leave processors to others: where members answer from memory the asker does by itself all that moves
     * data. What waits for devices keeps no processor busy, and is asked in parallel as always. What is asked here says nothing of
     * how fast members answer others, nor the other way round: one meets a cache, and the other does not.
     */
    MemberIo sparing() {
        return new MemberIo(env, threads, new Pace(COPIES_OF_SPARING), 0);
    }

    /**
     * Performs all of them, those that adjoin on one member together; returns when the last is done. Failures stand in the requests; it
     * throws nothing.
     */
    void run(List<MemberRequest> asked) {
        List<MemberRequest> requests = asked.size() > FEW ? joined(asked) : asked;
        int helpers = requests.size() > 1 ? helpers(requests) : 0;
        if (helpers > 0) {
            threads.run(requests, helpers, request -> perform(request, true));
        } else {
            for (MemberRequest request : requests) {
                perform(request, false);
            }
        }
    }

    /** As a batch of one, which needs nobody else. */
    void run(MemberRequest request) {
        perform(request, false);
    }

    /** The first of each that go together: it stands for all of them. */
    private static List<MemberRequest> joined(List<MemberRequest> asked) {
        List<MemberRequest> firsts = new ArrayList<>(asked.size());
        for (MemberRequest request : asked) {
            boolean taken = false;
            for (int at = firsts.size() - 1; at >= 0 && !taken; at--) {
                taken = firsts.get(at).takes(request);
            }
            if (!taken) {
                firsts.add(request);
            }
        }
        return firsts;
    }

    /** Threads that work beside the asker: one a request where it waits for devices, few where it waits for memory. */
    private int helpers(List<MemberRequest> requests) {
        long bytes = 0;
        for (MemberRequest request : requests) {
            if (!request.moves()) {
                return requests.size() - 1; // a flush waits for the medium
            }
            bytes += request.bytes();
        }
        return pace.isFast(bytes) ? 0 : pace.isFast() ? helpersInMemory : requests.size() - 1;
    }

    private void perform(MemberRequest request, boolean elsewhere) {
        if (!request.moves()) {
            request.perform();
            return;
        }
        long bytes = request.bytes();
        long began = env.nanoTime();
        request.perform();
        long took = env.nanoTime() - began;
        if (elsewhere) {
            pace.tookElsewhere(took, bytes);
        } else {
            pace.took(took, bytes);
        }
    }
}
