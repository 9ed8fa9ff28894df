package io.restripe.lab.kill;

import io.restripe.env.Env;
import io.restripe.nbd.NbdAddress;
import io.restripe.nbd.NbdDisk;
import io.restripe.node.rpc.RunFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Users of a volume over NBD, a connection each. A host that is killed and comes back they see as a pause; a volume that has grown when it is
 * back is another export to their disk, so they open it anew, and compare everything that is theirs.
 */
final class LoadUsers {
    private static final long AGAIN_NANOS = 50_000_000;

    private static final NbdDisk.Options PATIENT = NbdDisk.Options.patient(false, 60_000_000_000L);

    private final Env env;
    private final NbdAddress address;
    private final Ledger ledger;
    private final int count;
    private final List<Env.Worker> workers = new ArrayList<>();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicReference<String> wrong = new AtomicReference<>();
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong verified = new AtomicLong();
    private final AtomicLong opened = new AtomicLong();

    private LoadUsers(Env env, RunFolder run, Ledger ledger, int count) {
        this.env = env;
        this.address = new NbdAddress(null, 0, run.nbdSocket(Round.CONTAINER).toString(), KillCase.volumeName(0));
        this.ledger = ledger;
        this.count = count;
    }

    static LoadUsers start(Env env, RunFolder run, Ledger ledger, int count, SplittableRandom random) {
        LoadUsers users = new LoadUsers(env, run, ledger, count);
        for (int number = 0; number < count; number++) {
            int mine = number;
            SplittableRandom own = random.split();
            users.workers.add(env.start("user " + number, () -> users.use(mine, own)));
        }
        return users;
    }

    private void use(int number, SplittableRandom random) {
        while (!ending.get() && wrong.get() == null) {
            User user = null;
            try (NbdDisk disk = NbdDisk.open(env, address, PATIENT)) {
                opened.incrementAndGet();
                disk.flush(); // what a user before this one had not flushed may be read, and must stay then
                user = new User(ledger, new Target.OnDisk(disk), number, count);
                user.work(random, () -> ending.get() || wrong.get() != null);
            } catch (IOException e) {
                if (String.valueOf(e.getMessage()).contains(NbdDisk.ANSWERED)) {
                    wrong.compareAndSet(null, "a host that lives refuses a request: " + e.getMessage());
                }
                env.sleepNanos(AGAIN_NANOS); // the host is gone, or the volume has grown
            } catch (User.Wrong e) {
                wrong.compareAndSet(null, e.getMessage());
            } finally {
                if (user != null) {
                    written.addAndGet(user.writtenBlocks());
                    verified.addAndGet(user.verifiedBlocks());
                }
            }
        }
    }

    /** Every user finishes its request, or gives it up where nobody answers; nothing is compared. */
    void abandon() {
        ending.set(true);
        workers.forEach(Env.Worker::join);
    }

    /** Every user finishes its request; then everything is compared once more, over a connection of its own. */
    void end() throws IOException, User.Wrong {
        abandon();
        requireRight();
        if (written.get() == 0 || verified.get() == 0) {
            throw new IOException("nobody wrote, or compared, anything: " + this);
        }
        try (NbdDisk disk = NbdDisk.open(env, address, PATIENT)) {
            disk.flush();
            new User(ledger, new Target.OnDisk(disk), 0, 1).verifyAll();
        }
    }

    void requireRight() throws User.Wrong {
        if (wrong.get() != null) {
            throw new User.Wrong(wrong.get());
        }
    }

    @Override
    public String toString() {
        long mib = (1 << 20) / Ledger.BLOCK_BYTES;
        return String.format(
                "%d users opened the volume %d times, wrote %d MiB and compared %d MiB",
                count, opened.get(), written.get() / mib, verified.get() / mib);
    }
}
