package io.restripe.lab.sim;

import io.restripe.env.Env;
import java.util.List;

/** A named group of threads that die together. Threads belong to the process of whoever starts them, or of the env they are started by. */
public final class SimProcess {
    private final SimEnv env;
    private final int id;
    private final String name;
    private boolean killed;

    SimProcess(SimEnv env, int id, String name) {
        this.env = env;
        this.id = id;
        this.name = name;
    }

    public String name() {
        return name;
    }

    int id() {
        return id;
    }

    public boolean isKilled() {
        return killed;
    }

    /** An env whose threads all belong to this process. */
    public Env env() {
        return env.view(this);
    }

    /** kill -9: on return none of its threads runs any more, their locks are free. A thread that kills its own process does not return. */
    public void kill() {
        env.scheduler().killAll(List.of(this));
    }

    void markKilled() {
        killed = true;
    }

    @Override
    public String toString() {
        return name;
    }
}
