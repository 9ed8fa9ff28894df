package io.restripe.node.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Man pages (roff, man macros) and a bash completion, made from the verbs' descriptions. Pure: same verbs, same bytes. */
final class ManPages {
    private ManPages() {}

    /** File name to contents. */
    static Map<String, String> all() {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("restripe.1", overview());
        for (Verb verb : Verbs.shown()) {
            files.put("restripe-" + verb.name() + ".1", page(verb));
        }
        files.put("restripe.bash", completion());
        return files;
    }

    private static String overview() {
        StringBuilder page = head("restripe", "RAID arrays that change shape while in use");
        page.append(".SH SYNOPSIS\n.B restripe\n.I VERB\n")
                .append(escape("[OPTION...] [ARGUMENT...]"))
                .append('\n');
        page.append(".SH DESCRIPTION\n")
                .append(escape(
                        "A running array is called CONTAINER/VOLUME. A member is PATH or PATH@SERIAL: the metadata knows a disk "
                                + "only by its serial; block devices have their own, files remember one."))
                .append("\n.SH VERBS\n");
        for (Verb verb : Verbs.shown()) {
            page.append(".TP\n.BR restripe\\-")
                    .append(verb.name())
                    .append(" (1)\n")
                    .append(escape(verb.summary()))
                    .append('\n');
        }
        tail(page);
        page.append(".SH ENVIRONMENT\n");
        variable(
                page,
                "RESTRIPE_RUN",
                "Where running containers are known; default: $XDG_RUNTIME_DIR/restripe, for root /run/restripe.");
        variable(page, "RESTRIPE_JAVA", "The JDK 25 to use: its folder or its java.");
        variable(page, "RESTRIPE_HOST_JAVA_OPTS", "Further options for the JVM of host processes.");
        return page.toString();
    }

    private static void variable(StringBuilder page, String name, String text) {
        page.append(".TP\n.B ").append(name).append('\n').append(escape(text)).append('\n');
    }

    private static String page(Verb verb) {
        CommandSpec spec = verb.spec();
        StringBuilder page = head("restripe-" + verb.name(), verb.summary());
        page.append(".SH SYNOPSIS\n");
        for (String synopsis : spec.usageMessage().customSynopsis()) {
            page.append(".B ").append(escape("restripe " + verb.name())).append('\n');
            page.append(escape(synopsis.substring(("restripe " + verb.name()).length())
                            .strip()))
                    .append('\n');
        }
        page.append(".SH DESCRIPTION\n");
        for (PositionalParamSpec arguments : spec.positionalParameters()) {
            page.append(".TP\n.I ").append(escape(arguments.paramLabel())).append('\n');
            page.append(escape(String.join(" ", arguments.description()))).append('\n');
        }
        for (String paragraph : spec.usageMessage().footer()) {
            if (!paragraph.isEmpty()) {
                page.append(".PP\n").append(escape(paragraph)).append('\n');
            }
        }
        page.append(".SH OPTIONS\n");
        for (OptionSpec option : shown(spec)) {
            page.append(".TP\n")
                    .append(Stream.of(option.names())
                            .map(name -> "\\fB" + escape(name) + "\\fR" + value(option, name))
                            .collect(Collectors.joining(", ")));
            page.append('\n')
                    .append(escape(String.join(" ", option.description())))
                    .append('\n');
        }
        return tail(page).toString();
    }

    private static List<OptionSpec> shown(CommandSpec spec) {
        return spec.options().stream().filter(option -> !option.hidden()).toList();
    }

    private static String value(OptionSpec option, String name) {
        if (option.arity().max() == 0) {
            return "";
        }
        String more = option.arity().max() > 1 ? "..." : "";
        return (name.startsWith("--") ? "=" : " ") + "\\fI" + escape(option.paramLabel() + more) + "\\fR";
    }

    private static StringBuilder head(String name, String summary) {
        return new StringBuilder(".\\\" Made by: restripe manual\n.TH ")
                .append(name.toUpperCase(Locale.ROOT))
                .append(" 1 \"\" \"restripe ")
                .append(Main.VERSION)
                .append("\" \"User Commands\"\n.SH NAME\n")
                .append(escape(name))
                .append(" \\- ")
                .append(escape(summary))
                .append('\n');
    }

    private static StringBuilder tail(StringBuilder page) {
        return page.append(".SH EXIT STATUS\n")
                .append(escape(
                        "0: done. 1: refused or failed; standard error says what, where, why, and what to do about it. "
                                + "2: the command line was not understood."))
                .append("\n.SH SEE ALSO\n.BR restripe (1),\n.BR mdadm (8)\n");
    }

    /** Text as roff takes it literally. */
    private static String escape(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }

    private static String completion() {
        List<Verb> verbs = Verbs.shown();
        StringBuilder script = new StringBuilder("# Made by: restripe manual\n_restripe() {\n");
        script.append("    local word=${COMP_WORDS[COMP_CWORD]} options=\n");
        script.append("    if [[ $COMP_CWORD -eq 1 ]]; then\n        mapfile -t COMPREPLY < <(compgen -W \"")
                .append(verbs.stream().map(Verb::name).collect(Collectors.joining(" ")))
                .append(
                        " help --help --version\" -- \"$word\")\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
        for (Verb verb : verbs) {
            String options =
                    verb.spec().options().stream().map(OptionSpec::longestName).collect(Collectors.joining(" "));
            script.append("        ")
                    .append(verb.name())
                    .append(") options=\"")
                    .append(options)
                    .append("\" ;;\n");
        }
        return script.append("    esac\n")
                .append("    if [[ $word == -* ]]; then\n")
                .append("        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n")
                .append("    else\n        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n    fi\n}\n")
                .append("complete -o filenames -F _restripe restripe ./restripe\n")
                .toString();
    }
}
