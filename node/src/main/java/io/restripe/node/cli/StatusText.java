package io.restripe.node.cli;

import io.restripe.array.Holds;
import io.restripe.node.rpc.ContainerStatus;
import io.restripe.node.rpc.MemberStatus;
import io.restripe.node.rpc.Shape;
import io.restripe.node.rpc.VolumeStatus;
import io.restripe.rule.Problem;
import io.restripe.unit.Units;
import java.util.Locale;

/** Running arrays in people's words. Pure. */
final class StatusText {
    private static final int BAR_CELLS = 24;
    private static final int LEAST_BAR_CELLS = 6;
    private static final String BAR_FRAME = " [%s]";
    private static final int BAR_FRAME_LENGTH = BAR_FRAME.length() - "%s".length();

    private StatusText() {}

    /** What {@code status} shows: two or three lines a volume. */
    static String brief(ContainerStatus c) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                "%s: %s, %d member%s%s, host process %d%n",
                c.name(),
                c.format(),
                c.members().size(),
                c.members().size() == 1 ? "" : "s",
                c.readOnly() ? ", read-only" : "",
                c.pid()));
        for (VolumeStatus v : c.volumes()) {
            text.append("  ").append(v.name()).append(": ").append(volume(v)).append('\n');
            if (!v.work().idle()) {
                text.append("    ").append(work(v)).append('\n');
            }
            v.problem().ifPresent(p -> appendProblem(text, "    ", p));
        }
        return text.toString().stripTrailing();
    }

    /** The same with what a person should know in front. */
    static String noted(ContainerStatus c) {
        StringBuilder text = new StringBuilder();
        c.notes().forEach(n -> text.append("note: ").append(n).append('\n'));
        return text + brief(c);
    }

    private static void appendProblem(StringBuilder text, String indent, Problem p) {
        text.append(indent).append("stands: ").append(p.text()).append('\n');
    }

    private static String volume(VolumeStatus v) {
        String degraded = v.degraded() == 0
                ? ""
                : ", degraded (" + v.degraded() + " of " + v.shape().raidDevices() + " missing)";
        return shape(v.shape()) + ", " + Sizes.text(v.shape().sizeBytes()) + ", " + v.state() + degraded + " "
                + slots(v);
    }

    /** md's row of slots: U in use, _ not. */
    private static String slots(VolumeStatus v) {
        StringBuilder text = new StringBuilder("[");
        v.slots().forEach(s -> text.append(s.equals("-") || s.endsWith("*") ? '_' : 'U'));
        return text.append(']').toString();
    }

    static String shape(Shape s) {
        return s.level() + " of " + s.raidDevices() + (s.chunkKib() == 0 ? "" : ", " + s.chunkKib() + " KiB chunks");
    }

    /** The progress line: bar, per cent, what is done and awaited, speed, time left. */
    static String work(VolumeStatus v) {
        return work(v, true, BAR_CELLS);
    }

    /** The progress line of a named volume in so many columns: what it becomes gives way first, then the bar. */
    static String work(String name, VolumeStatus v, int columns) {
        String full = name + work(v);
        if (full.length() <= columns) {
            return full;
        }
        int cells = columns - (name + work(v, false, 0)).length() - BAR_FRAME_LENGTH;
        String line = name + work(v, false, cells < LEAST_BAR_CELLS ? 0 : Math.min(BAR_CELLS, cells));
        return line.substring(0, Math.max(0, Math.min(columns, line.length())));
    }

    private static String work(VolumeStatus v, boolean withTarget, int barCells) {
        VolumeStatus.Work w = v.work();
        String target = withTarget ? v.target().map(t -> " to " + shape(t)).orElse("") : "";
        String phase = w.phase().isEmpty() ? "" : ", " + w.phase();
        if (w.totalSectors() <= 0) {
            return w.action() + target + phase;
        }
        double part = Math.min(1, (double) w.doneSectors() / w.totalSectors());
        return String.format(
                Locale.ROOT,
                "%s%s%s %5.1f%% of %s%s%s%s",
                w.action(),
                target,
                bar(part, barCells),
                part * 100,
                Sizes.text(Units.bytesOfSectors(w.totalSectors())),
                w.speedKib() < 0 ? "" : ", " + Sizes.text(w.speedKib() * Sizes.KIB) + "/s",
                w.remainingSeconds() < 0 ? "" : ", " + duration(w.remainingSeconds()) + " left",
                phase);
    }

    private static String bar(double part, int cells) {
        if (cells == 0) {
            return "";
        }
        int done = (int) (part * cells);
        String bar = "=".repeat(done) + (done < cells ? ">" : "") + ".".repeat(Math.max(0, cells - done - 1));
        return String.format(BAR_FRAME, bar);
    }

    static String duration(long seconds) {
        return seconds >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
    }

    /** What {@code detail} shows of a container. */
    static String detail(ContainerStatus c) {
        StringBuilder text = new StringBuilder();
        line(text, "Container", c.name() + (c.readOnly() ? " (read-only)" : ""));
        line(text, "Format", c.format() + ", generation " + c.generation());
        line(text, "UUID", c.uuid());
        line(text, "Host process", String.valueOf(c.pid()));
        line(text, "Back end", c.backend());
        text.append("Members\n");
        for (MemberStatus m : c.members()) {
            text.append(String.format(
                    "  %-8s %-18s %10s  %s%n", m.status(), m.serial(), Sizes.text(m.sizeBytes()), m.path()));
        }
        c.notes().forEach(n -> line(text, "Note", n));
        c.volumes().forEach(v -> text.append('\n').append(detail(c, v)).append('\n'));
        return text.toString().stripTrailing();
    }

    /** What {@code detail} shows of a volume. */
    static String detail(ContainerStatus c, VolumeStatus v) {
        StringBuilder text = new StringBuilder();
        line(text, "Volume", c.name() + "/" + v.name());
        line(text, "UUID", v.uuid());
        line(
                text,
                "Level",
                v.shape().level()
                        + (v.shape().layout().equals("-")
                                ? ""
                                : ", " + v.shape().layout()));
        line(text, "Raid devices", String.valueOf(v.shape().raidDevices()));
        if (v.shape().chunkKib() > 0) {
            line(text, "Chunk", v.shape().chunkKib() + " KiB");
        }
        line(text, "Size", Sizes.text(v.shape().sizeBytes()) + " (" + v.shape().sizeBytes() + " bytes)");
        line(text, "Policy", v.policy());
        line(text, "State", v.state() + (v.degraded() > 0 ? ", degraded by " + v.degraded() : ""));
        v.uris().forEach(uri -> line(text, "NBD", uri));
        if (!v.device().isEmpty()) {
            line(text, "Device", v.device());
        }
        v.target().ifPresent(t -> line(text, "Becomes", shape(t) + ", " + Sizes.text(t.sizeBytes())));
        if (!v.work().idle()) {
            line(text, "Work", work(v));
        }
        v.problem().ifPresent(p -> line(text, "Stands", p.text()));
        if (v.holds().count() > 0) {
            line(text, "Held", held(v.holds()));
        }
        int slot = 0;
        for (String disk : v.slots()) {
            String state = disk.equals("-") ? "missing" : disk.endsWith("*") ? "not in sync" : "in sync";
            line(
                    text,
                    "Slot " + slot++,
                    (disk.endsWith("*") ? disk.substring(0, disk.length() - 1) : disk) + " " + state);
        }
        return text.toString().stripTrailing();
    }

    private static String held(Holds holds) {
        return String.format(
                Locale.ROOT,
                "%d requests waited for background work: median %s, p99 %s, p99.9 %s, longest %s",
                holds.count(),
                milliseconds(holds.medianNanos()),
                milliseconds(holds.p99Nanos()),
                milliseconds(holds.p999Nanos()),
                milliseconds(holds.longestNanos()));
    }

    private static String milliseconds(long nanos) {
        return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }

    private static void line(StringBuilder text, String label, String value) {
        text.append(String.format("%-14s %s%n", label + ":", value));
    }
}
