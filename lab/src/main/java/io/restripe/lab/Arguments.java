package io.restripe.lab;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Words of the form {@code --name value}. */
final class Arguments {
    private final Map<String, String> values = new HashMap<>();

    /** @throws IllegalArgumentException when they are not of this form */
    Arguments(List<String> words) {
        for (int i = 0; i < words.size(); i += 2) {
            if (!words.get(i).startsWith("--") || i + 1 == words.size()) {
                throw new IllegalArgumentException("not understood: " + words.get(i));
            }
            values.put(words.get(i).substring(2), words.get(i + 1));
        }
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** Null when it was not given. */
    String text(String name) {
        return values.get(name);
    }

    long number(String name, long otherwise) {
        String text = values.get(name);
        return text == null ? otherwise : Long.parseLong(text);
    }

    int count(String name, int otherwise) {
        return Math.toIntExact(number(name, otherwise));
    }
}
