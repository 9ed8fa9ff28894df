package io.restripe.node.cli;

import io.restripe.env.Env;
import io.restripe.node.rpc.HostClient;
import io.restripe.node.rpc.RunFolder;
import io.restripe.rule.ProblemException;
import io.restripe.unit.Units;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A load on a running volume that verifies what it reads: workers that write and read at random places through the host's socket, each
 * in regions of its own. Ends when told, when the host is gone, or at the first wrong byte.
 */
final class DemoLoad {
    private static final int WORKERS = 2;
    private static final int REGION_SECTORS = 2048;
    private static final int MOST_SECTORS = 256;

    private final RunFolder run;
    private final ArrayName array;
    private final DemoPattern pattern;
    private final List<Env.Worker> workers = new ArrayList<>();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong verified = new AtomicLong();
    private final AtomicReference<String> wrong = new AtomicReference<>();
    private final AtomicReference<String> lost = new AtomicReference<>();

    private DemoLoad(RunFolder run, ArrayName array, DemoPattern pattern) {
        this.run = run;
        this.array = array;
        this.pattern = pattern;
    }

    static DemoLoad start(Env env, RunFolder run, ArrayName array, DemoPattern pattern, long seed) {
        DemoLoad load = new DemoLoad(run, array, pattern);
        for (int worker = 0; worker < WORKERS; worker++) {
            int number = worker;
            load.workers.add(env.start("load " + worker, () -> load.work(number, new SplittableRandom(seed + number))));
        }
        return load;
    }

    /** Lets every worker finish its request. */
    void end() {
        ending.set(true);
        workers.forEach(Env.Worker::join);
    }

    /** What was read wrongly; null when nothing was. */
    String wrong() {
        return wrong.get();
    }

    /** Why a worker ended before it was told to; null when none did. */
    String lost() {
        return lost.get();
    }

    long writtenBytes() {
        return written.get();
    }

    long verifiedBytes() {
        return verified.get();
    }

    private void work(int number, SplittableRandom random) {
        ByteBuffer buffer = ByteBuffer.allocate(Units.bufferBytesOfSectors(MOST_SECTORS));
        try (HostClient client = HostClient.connect(run, array.container())) {
            while (!ending.get() && wrong.get() == null) {
                int first = place(number, random);
                int count = 1 + random.nextInt(Math.min(MOST_SECTORS, REGION_SECTORS - first % REGION_SECTORS));
                count = Math.min(count, pattern.sectors() - first);
                if (random.nextInt(3) == 0) {
                    read(client, first, count);
                } else {
                    write(client, first, count, buffer);
                }
            }
        } catch (ProblemException | IOException e) {
            lost.compareAndSet(null, e.getMessage()); // the host is gone: this is what the demonstration is about
        }
    }

    /** A sector of a region of this worker. */
    private int place(int number, SplittableRandom random) {
        int regions = pattern.sectors() / REGION_SECTORS;
        int region = random.nextInt(regions / WORKERS) * WORKERS + number;
        return region * REGION_SECTORS + random.nextInt(REGION_SECTORS);
    }

    private void write(HostClient client, int first, int count, ByteBuffer buffer)
            throws ProblemException, IOException {
        pattern.next(first, count, buffer);
        var input = Channels.newChannel(new ByteArrayInputStream(buffer.array(), 0, buffer.limit()));
        client.write(array.volume(), Units.bytesOfSectors(first), buffer.limit(), input);
        pattern.acknowledge(first, count);
        written.addAndGet(buffer.limit());
    }

    private void read(HostClient client, int first, int count) throws ProblemException, IOException {
        ByteArrayOutputStream found = new ByteArrayOutputStream(Units.bufferBytesOfSectors(count));
        long length = Units.bytesOfSectors(count);
        client.read(array.volume(), Units.bytesOfSectors(first), length, Channels.newChannel(found));
        String what = pattern.check(first, ByteBuffer.wrap(found.toByteArray()));
        if (what != null) {
            wrong.compareAndSet(null, what);
        }
        verified.addAndGet(length);
    }
}
