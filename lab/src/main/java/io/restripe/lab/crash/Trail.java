package io.restripe.lab.crash;

/** What led to a failure, in a few lines. */
public final class Trail {
    private static final int FRAMES = 6;

    private Trail() {}

    /** The causes, each with where it came from, and what was suppressed. */
    public static String of(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = failure.getCause(); t != null; t = t.getCause()) {
            text.append("\n    ").append(t);
            for (int i = 0; i < Math.min(FRAMES, t.getStackTrace().length); i++) {
                text.append("\n      at ").append(t.getStackTrace()[i]);
            }
        }
        for (Throwable t : failure.getSuppressed()) {
            text.append("\n    also ").append(t);
        }
        return text.toString();
    }
}
