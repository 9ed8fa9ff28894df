package io.restripe.lab.kill;

import io.restripe.env.Env;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Arrays, monitor and manager as three processes. Whoever is dead is started again as soon as those it needs are ready; with the
 * process of the arrays the two others go too, for they hold what it offered.
 */
final class ActorsStyle implements Style {
    private enum Role {
        ARRAY,
        MONITOR,
        MANAGER
    }

    private enum Victim {
        MANAGER,
        MONITOR,
        ARRAY,
        ALL
    }

    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final long LOOK_NANOS = 10_000_000;
    private static final String SPEED = "2500";

    private final Round round;
    private final Env env;
    private final Kills kills;
    private final Map<Role, Child> children = new EnumMap<>(Role.class);
    private int lives;
    private boolean waitsForReadiness;
    private long lastPlan;
    private long pause;
    private long nextKill;
    private long written;

    ActorsStyle(Round round) {
        this.round = round;
        this.env = round.env();
        this.kills = new Kills(round.random(), env.nanoTime());
    }

    @Override
    public void run() throws IOException, ProblemException {
        plan();
        while (!isFinished()) {
            if (env.nanoTime() - lastPlan > PATIENCE_NANOS) {
                throw new IOException("the reshape does not come to its end: " + round.recorded());
            }
            if (waitsForReadiness && isReady(Role.MANAGER)) {
                waitsForReadiness = false;
                nextKill = env.nanoTime() + pause;
            }
            if (kills.areLeft() && !waitsForReadiness && env.nanoTime() - nextKill > 0) {
                kill(kills.victim(Victim.values()));
                plan();
            }
            revive();
            env.sleepNanos(LOOK_NANOS);
        }
        stop();
    }

    private void plan() {
        lastPlan = env.nanoTime();
        waitsForReadiness = kills.nextHitsWork();
        pause = kills.pauseNanos();
        nextKill = lastPlan + pause;
    }

    private void kill(Victim victim) {
        kills.count(victim.name().toLowerCase(Locale.ROOT), env.nanoTime());
        List<Role> dying = new ArrayList<>(
                switch (victim) {
                    case MANAGER -> List.of(Role.MANAGER);
                    case MONITOR -> List.of(Role.MONITOR);
                    case ARRAY, ALL -> List.of(Role.ARRAY, Role.MONITOR, Role.MANAGER);
                });
        if (victim == Victim.ALL) {
            java.util.Collections.reverse(dying);
        }
        for (Role role : dying) {
            Child child = children.remove(role);
            if (child != null) {
                child.kill();
            }
        }
    }

    private void revive() throws IOException {
        reviveIf(Role.ARRAY, true);
        reviveIf(Role.MONITOR, isReady(Role.ARRAY));
        reviveIf(Role.MANAGER, isReady(Role.ARRAY) && isReady(Role.MONITOR));
    }

    private boolean isReady(Role role) {
        Child child = children.get(role);
        return child != null && child.isAlive() && child.hasSaid("ready");
    }

    private void reviveIf(Role role, boolean able) throws IOException {
        Child child = children.get(role);
        boolean gone = child == null || !child.isAlive() && !(role == Role.MANAGER && child.exitValue() == 0);
        if (!gone || !able) {
            return;
        }
        if (role == Role.ARRAY && child != null) {
            throw new IOException("the process of the arrays ended by itself");
        }
        String name = role.name().toLowerCase(Locale.ROOT);
        List<String> arguments = new ArrayList<>(
                List.of(name, round.folder().toString(), round.which().name(), Long.toString(round.seed())));
        if (role == Role.ARRAY) {
            arguments.add(Integer.toString(++lives));
            arguments.add(SPEED);
        }
        children.put(role, Child.start(env, round.folder().resolve(name + ".log"), Map.of(), Actor.class, arguments));
    }

    /** The manager has nothing left to do, and no kill is to come that could hit anything but an idle container. */
    private boolean isFinished() throws ProblemException {
        Child manager = children.get(Role.MANAGER);
        return manager != null
                && !manager.isAlive()
                && manager.exitValue() == 0
                && isReady(Role.MONITOR)
                && round.isRecordedDone(false);
    }

    /** Users first, then what is owed to parity, then the processes. */
    private void stop() throws IOException, ProblemException {
        Child array = children.get(Role.ARRAY);
        array.tell("fast");
        array.tell("quiet");
        String quiet = array.await("quiet", PATIENCE_NANOS);
        written = Long.parseLong(quiet.split(" ", 3)[1]);
        long deadline = env.nanoTime() + PATIENCE_NANOS;
        while (!round.isRecordedDone(true)) {
            if (env.nanoTime() - deadline > 0) {
                throw new IOException("the volumes do not become clean: " + round.recorded());
            }
            env.sleepNanos(5 * LOOK_NANOS);
        }
        end();
    }

    @Override
    public List<String> kills() {
        return kills.done();
    }

    @Override
    public long writtenBlocks() {
        return written;
    }

    @Override
    public void end() {
        children.values().forEach(Child::kill);
        children.clear();
    }
}
