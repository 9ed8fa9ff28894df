package io.restripe.lab.kill;

import io.restripe.env.Env;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** The users of a container's volumes, a thread each. What one finds wrong is kept in the round's folder too, where no kill reaches it. */
final class Users {
    static final int PER_VOLUME = 2;

    /** Gives every user a target of its own. */
    interface Targets {
        Target of(int volume) throws IOException;
    }

    private final Round round;
    private final List<User> users = new ArrayList<>();
    private final List<Env.Worker> workers = new ArrayList<>();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicReference<String> lost = new AtomicReference<>();

    private Users(Round round) {
        this.round = round;
    }

    static Users start(Env env, Round round, Targets targets, long seed) throws IOException {
        Users all = new Users(round);
        for (int volume = 0; volume < round.which().volumes(); volume++) {
            for (int number = 0; number < PER_VOLUME; number++) {
                User user = new User(round.ledger(volume), targets.of(volume), number, PER_VOLUME);
                SplittableRandom random = new SplittableRandom(seed * 31 + all.users.size());
                all.users.add(user);
                all.workers.add(env.start("user " + all.users.size(), () -> all.run(user, random)));
            }
        }
        return all;
    }

    private void run(User user, SplittableRandom random) {
        try {
            user.work(random, ending::get);
            user.verifyAll();
        } catch (IOException e) {
            lost.compareAndSet(null, String.valueOf(e.getMessage())); // its array is gone, which is what this is about
        } catch (User.Wrong e) {
            round.tellWrong(e.getMessage());
        }
    }

    /** Every user finishes its request and compares everything. Null when they could, else why not. */
    String end() {
        ending.set(true);
        workers.forEach(Env.Worker::join);
        return lost.get();
    }

    int volumes() {
        return round.which().volumes();
    }

    long writtenBlocks() {
        return users.stream().mapToLong(User::writtenBlocks).sum();
    }

    long verifiedBlocks() {
        return users.stream().mapToLong(User::verifiedBlocks).sum();
    }
}
