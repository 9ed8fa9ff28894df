package io.restripe.lab.sim;

/** A simulated run went wrong: deadlock, too many steps, or an exception that nobody took. Says with which seed. */
public final class SimulationFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SimulationFailed(String report) {
        super(report);
    }

    SimulationFailed(String report, Throwable cause) {
        super(report, cause);
    }
}
