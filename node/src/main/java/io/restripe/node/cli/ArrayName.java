package io.restripe.node.cli;

import java.util.regex.Pattern;

/**
 * CONTAINER or CONTAINER/VOLUME.
 *
 * @param volume empty when the container as a whole is meant
 */
record ArrayName(String container, String volume) {
    private static final Pattern CONTAINER = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}");
    private static final Pattern VOLUME = Pattern.compile("[\\x21-\\x2e\\x30-\\x7e]{1,16}");

    /** Whether the text can be a container's name at all. */
    static boolean isContainer(String text) {
        return CONTAINER.matcher(text).matches();
    }

    /** Whether the text can be CONTAINER/VOLUME. */
    static boolean isVolume(String text) {
        int slash = text.indexOf('/');
        return slash > 0
                && isContainer(text.substring(0, slash))
                && VOLUME.matcher(text.substring(slash + 1)).matches();
    }

    static ArrayName parse(String verb, String text) {
        int slash = text.indexOf('/');
        String container = slash < 0 ? text : text.substring(0, slash);
        if (!isContainer(container)) {
            throw new UsageException(
                    verb,
                    "\"" + text + "\"",
                    "\"" + container + "\" is no container name: letters, digits, _ . - and at most 32 of them"
                            + (text.startsWith("/") ? "; the array comes before its members" : ""));
        }
        if (slash >= 0 && !isVolume(text)) {
            throw new UsageException(
                    verb,
                    "\"" + text + "\"",
                    "\"" + text.substring(slash + 1)
                            + "\" is no volume name: 1 to 16 printable ASCII characters without blank and slash");
        }
        return new ArrayName(container, slash < 0 ? "" : text.substring(slash + 1));
    }

    /** The same, where a volume must be named. */
    static ArrayName parseVolume(String verb, String text) {
        ArrayName name = parse(verb, text);
        if (name.volume.isEmpty()) {
            throw new UsageException(
                    verb, "\"" + text + "\"", "a volume is needed: CONTAINER/VOLUME, for example " + text + "/v0");
        }
        return name;
    }

    @Override
    public String toString() {
        return volume.isEmpty() ? container : container + "/" + volume;
    }
}
