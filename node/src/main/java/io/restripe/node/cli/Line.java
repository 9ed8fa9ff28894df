package io.restripe.node.cli;

import io.restripe.assembly.CopyAreaUse;
import io.restripe.assembly.MemberOpener;
import io.restripe.node.daemon.Backend;
import io.restripe.node.daemon.ListenAddress;
import io.restripe.node.daemon.NewFiles;
import io.restripe.node.daemon.StartOptions;
import io.restripe.node.daemon.TcpService;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ParseResult;

/** A parsed command line of one verb, with its values checked on the way out: what is wrong is a {@link UsageException}. */
final class Line {
    private static final Map<String, Integer> LEVELS =
            Map.of("stripe", 0, "raid0", 0, "mirror", 1, "raid1", 1, "raid4", 4, "raid5", 5, "raid6", 6, "raid10", 10);

    private final String verb;
    private final ParseResult parsed;

    Line(String verb, ParseResult parsed) {
        this.verb = verb;
        this.parsed = parsed;
    }

    boolean has(String option) {
        return parsed.hasMatchedOption(option);
    }

    Optional<String> text(String option) {
        return has(option) ? Optional.ofNullable(parsed.matchedOptionValue(option, (String) null)) : Optional.empty();
    }

    List<String> texts(String option) {
        return has(option) ? List.of(parsed.matchedOptionValue(option, new String[0])) : List.of();
    }

    List<String> positionals() {
        return parsed.hasMatchedPositional(0) ? List.of(parsed.matchedPositionalValue(0, new String[0])) : List.of();
    }

    /** The first positional argument; {@code what} says what it should have been. */
    String first(String what) {
        if (positionals().isEmpty()) {
            throw usage("arguments", what + " is missing");
        }
        return positionals().getFirst();
    }

    /** The positional arguments behind the first: paths, made absolute. */
    List<String> membersAfterFirst() {
        List<String> all = positionals();
        return absolute(all.subList(Math.min(1, all.size()), all.size()));
    }

    /** Fails when there are more than so many positional arguments. */
    void atMost(int most) {
        if (positionals().size() > most) {
            throw usage("\"" + positionals().get(most) + "\"", "one argument too many");
        }
    }

    /** A size in bytes, 0 when the option is not there. */
    long size(String option, long unitBytes) {
        if (!has(option)) {
            return 0;
        }
        try {
            return Sizes.parse(text(option).orElse(""), unitBytes);
        } catch (IllegalArgumentException e) {
            throw usage(option, e.getMessage());
        }
    }

    /** A size that must be whole KiB and, when given, not 0. */
    OptionalInt kib(String option) {
        if (!has(option)) {
            return OptionalInt.empty();
        }
        long bytes = size(option, Sizes.KIB);
        if (bytes == 0 || bytes % Sizes.KIB != 0 || bytes / Sizes.KIB > Integer.MAX_VALUE) {
            throw usage(option, "\"" + text(option).orElse("") + "\" is not a whole number of KiB above 0");
        }
        return OptionalInt.of((int) (bytes / Sizes.KIB));
    }

    /** What {@code --file-size} and {@code --sparse} say. */
    NewFiles newFiles() {
        if (has("--sparse") && !has("--file-size")) {
            throw usage("--sparse", "it is about files that --file-size makes");
        }
        return new NewFiles(size("--file-size", Sizes.KIB), has("--sparse"));
    }

    /** What {@code --copy-area} says; without it nobody has decided. */
    CopyAreaUse copyArea() {
        if (!has("--copy-area")) {
            return CopyAreaUse.ASK;
        }
        String word = text("--copy-area").orElse("");
        return CopyAreas.parse(word)
                .orElseThrow(() ->
                        usage("--copy-area", "\"" + word + "\" is none of " + String.join(", ", CopyAreas.words())));
    }

    /** What {@code --backend} says; without it that is to be chosen. */
    Optional<Backend> backend() {
        return text("--backend")
                .map(word -> Backend.parse(word)
                        .orElseThrow(() -> usage("--backend", "\"" + word + "\" is neither embedded nor kernel")));
    }

    /** What {@code --member-timeout} says, or what is usual. */
    long memberTimeoutNanos() {
        int seconds = number("--member-timeout", 1, 86_400).orElse(StartOptions.USUAL_MEMBER_TIMEOUT);
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    /** What {@code --listen} and the options of its encryption say. */
    Optional<TcpService> listen() {
        if (has("--tls") && !has("--listen") || has("--tls-verify-clients") && !has("--tls")) {
            throw usage(
                    has("--tls") ? "--tls" : "--tls-verify-clients",
                    has("--tls") ? "it is about what --listen serves" : "it needs --tls");
        }
        Optional<Path> tls = text("--tls").map(folder -> Path.of(folder).toAbsolutePath());
        try {
            return text("--listen")
                    .map(address -> new TcpService(ListenAddress.parse(address), tls, has("--tls-verify-clients")));
        } catch (IllegalArgumentException e) {
            throw usage("--listen", e.getMessage());
        }
    }

    OptionalInt number(String option, int least, int most) {
        if (!has(option)) {
            return OptionalInt.empty();
        }
        String text = text(option).orElse("");
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return OptionalInt.of(value);
            }
        } catch (NumberFormatException e) {
            // told below, as a number outside the bounds is
        }
        throw usage(option, "\"" + text + "\" is not a number from " + least + " to " + most);
    }

    /** md's number of a level named by number or by word. */
    OptionalInt level(String option) {
        if (!has(option)) {
            return OptionalInt.empty();
        }
        String text = text(option).orElse("").toLowerCase(Locale.ROOT);
        Integer byWord = LEVELS.get(text);
        Integer level = byWord != null ? byWord : LEVELS.get("raid" + text);
        if (level == null) {
            throw usage(option, "\"" + text + "\" is no level: 0, 1, 4, 5, 6 and 10 are");
        }
        return OptionalInt.of(level);
    }

    /** Paths as the host process, which has its own working folder, needs them; an @SERIAL behind stays. */
    static List<String> absolute(List<String> members) {
        return members.stream().map(Line::absolute).toList();
    }

    private static String absolute(String member) {
        if (MemberOpener.isRemote(member)) {
            return MemberOpener.absoluteRemote(member);
        }
        return member.startsWith("/")
                ? member
                : Path.of("").toAbsolutePath().resolve(member).toString();
    }

    UsageException usage(String where, String why) {
        return new UsageException(verb, where, why);
    }
}
