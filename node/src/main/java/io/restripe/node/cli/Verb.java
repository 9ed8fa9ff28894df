package io.restripe.node.cli;

import io.restripe.nbd.NbdAddress;
import io.restripe.node.daemon.StartOptions;
import io.restripe.rule.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** One verb of the command. Stateless; describes itself for parsing, help, completion and man page. */
abstract class Verb {
    private final String name;
    private final String summary;

    Verb(String name, String summary) {
        this.name = name;
        this.summary = summary;
    }

    final String name() {
        return name;
    }

    /** One line, for the list of verbs. */
    final String summary() {
        return summary;
    }

    /** Not for people: left out of help, completion and man pages. */
    boolean hidden() {
        return false;
    }

    /** Adds options, arguments and the longer text. */
    abstract void describe(CommandSpec spec);

    /** Runs it; gives the exit status, 0 or 1. Refusals come as exceptions. */
    abstract int run(Line line, Session session) throws ProblemException, IOException;

    /** The whole description. */
    final CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("restripe " + name);
        spec.usageMessage()
                .description(summary + ".")
                .width(100)
                .sortOptions(false)
                .optionListHeading("%nOptions:%n");
        describe(spec);
        spec.addOption(flag("JSON instead of text: results on standard output, refusals on standard error", "--json"));
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("This text")
                .build());
        return spec;
    }

    static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names).description(description).build();
    }

    static OptionSpec value(String label, String description, String... names) {
        return OptionSpec.builder(names)
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .build();
    }

    static OptionSpec values(String label, String description, String... names) {
        return OptionSpec.builder(names)
                .type(String[].class)
                .arity("1..*")
                .paramLabel(label)
                .description(description)
                .build();
    }

    /** Tells what a person should know, on the side. */
    static void notes(Session session, List<String> notes) {
        notes.forEach(note -> session.note("note: " + note));
    }

    /** The options of a verb that can make files for members that do not exist. */
    static void newFiles(CommandSpec spec, String which) {
        spec.addOption(value("SIZE", "Make " + which + " that do not exist as files of this size", "--file-size"));
        spec.addOption(flag("These files take up space when they are written, and not when they are made", "--sparse"));
    }

    /** The option of verbs that read a half-way reshape from members alone. */
    static void copyArea(CommandSpec spec) {
        spec.addOption(value(
                "USE",
                "Decides what a copy area holds when its bytes do not, after a refusal that says so: slot (parts as this product"
                        + " places them), index (as mdadm does), unused (nothing; the unit is in its old place)",
                "--copy-area"));
    }

    /** The option of verbs that start a container, whose members may be on servers. */
    static void memberTimeout(CommandSpec spec) {
        spec.addOption(value(
                "SECONDS",
                "How long a member on an NBD server may not be there, or be silent, before it has failed; writes wait for it so"
                        + " long (default " + StartOptions.USUAL_MEMBER_TIMEOUT + ")",
                "--member-timeout"));
    }

    static void listen(CommandSpec spec) {
        spec.addOption(value(
                "HOST[:PORT]",
                "Serve its volumes over NBD on this TCP address too (port "
                        + NbdAddress.USUAL_PORT
                        + " when not given): to everybody who can reach it, and without --tls unencrypted. A Unix-domain"
                        + " socket for their owner there is always",
                "--listen"));
        spec.addOption(value(
                "FOLDER",
                "Serve on TCP to clients that encrypt, and only to those; with server-cert.pem and server-key.pem (PKCS#8) of this"
                        + " folder",
                "--tls"));
        spec.addOption(flag(
                "Serve only clients that have a certificate signed by ca-cert.pem of that folder",
                "--tls-verify-clients"));
    }

    static void backend(CommandSpec spec) {
        spec.addOption(value(
                "WHO",
                "Who does the I/O of the arrays: kernel (Linux md: each volume is a block device /dev/mdN; root only), or embedded (the"
                        + " host process). Default: kernel where all members are block devices and md is there and can,"
                        + " else embedded; a note says which and why. What md runs already it goes on running",
                "--backend"));
    }

    /** The one list of positional arguments that a verb has; {@code synopsis} shows them as they are meant. */
    void arguments(CommandSpec spec, String synopsis, String label, String description) {
        spec.usageMessage().customSynopsis("restripe " + name + " " + synopsis);
        spec.addPositional(PositionalParamSpec.builder()
                .index("0..*")
                .arity("0..*")
                .type(String[].class)
                .paramLabel(label)
                .hideParamSyntax(true)
                .description(description)
                .build());
    }

    /** What stands behind the options: paragraphs, separated by empty lines. */
    static void text(CommandSpec spec, String... lines) {
        List<String> paragraphs = new ArrayList<>(List.of(""));
        for (String line : lines) {
            if (line.isEmpty()) {
                paragraphs.addAll(List.of("", ""));
            } else {
                String begun = paragraphs.removeLast();
                paragraphs.add(begun.isEmpty() ? line : begun + " " + line);
            }
        }
        spec.usageMessage().footerHeading("%n").footer(paragraphs.toArray(String[]::new));
    }
}
