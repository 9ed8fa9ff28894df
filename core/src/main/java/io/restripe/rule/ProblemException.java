package io.restripe.rule;

/** Carries a {@link Problem} to the border where a person reads it: a refusal or a failure that nobody below can repair. */
public final class ProblemException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Problem problem;

    public ProblemException(Problem problem) {
        super(problem.text());
        this.problem = problem;
    }

    public ProblemException(Problem problem, Throwable cause) {
        super(problem.text(), cause);
        this.problem = problem;
    }

    public Problem problem() {
        return problem;
    }
}
