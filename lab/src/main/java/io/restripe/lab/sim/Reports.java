package io.restripe.lab.sim;

import java.util.List;

/** What a person needs to see of threads that do not go on. */
final class Reports {
    private static final int FRAMES = 24;

    private Reports() {}

    static String threads(List<SimThread> threads) {
        StringBuilder text = new StringBuilder();
        for (SimThread t : threads) {
            text.append("\n  ").append(t).append(t.waitsFor == null ? " could run" : " waits for " + t.waitsFor);
            if (!t.held.isEmpty()) {
                text.append(", holds ").append(t.held);
            }
            if (t.thread != null) {
                text.append(stack(t.thread));
            }
        }
        return text.toString();
    }

    static String stack(Thread thread) {
        StringBuilder text = new StringBuilder();
        int shown = 0;
        for (StackTraceElement frame : thread.getStackTrace()) {
            boolean machinery = frame.getClassName().startsWith("java.")
                    || frame.getClassName().startsWith("jdk.")
                    || frame.getClassName().equals(Scheduler.class.getName())
                    || frame.getClassName().equals(SimThread.class.getName())
                    || frame.getClassName().equals(Reports.class.getName());
            if (!machinery && shown++ < FRAMES) {
                text.append("\n      at ").append(frame);
            }
        }
        return text.toString();
    }
}
