package io.restripe.metadata.imsm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the fixtures' JSON: objects, arrays, strings without escapes, integers, true, false and null. Nothing else is in them. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        return new Json(text).value();
    }

    private Object value() {
        char c = peek();
        return switch (c) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            default -> word();
        };
    }

    private char peek() {
        while (Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return text.charAt(at);
    }

    private void expect(char c) {
        if (peek() != c) {
            throw new IllegalStateException("expected " + c + " at " + at);
        }
        at++;
    }

    private Map<String, Object> object() {
        Map<String, Object> result = new LinkedHashMap<>();
        expect('{');
        while (peek() != '}') {
            String key = string();
            expect(':');
            result.put(key, value());
            if (peek() == ',') {
                at++;
            }
        }
        expect('}');
        return result;
    }

    private List<Object> array() {
        List<Object> result = new ArrayList<>();
        expect('[');
        while (peek() != ']') {
            result.add(value());
            if (peek() == ',') {
                at++;
            }
        }
        expect(']');
        return result;
    }

    private String string() {
        expect('"');
        int end = text.indexOf('"', at);
        String result = text.substring(at, end);
        at = end + 1;
        return result;
    }

    private Object word() {
        int start = at;
        while (at < text.length() && "+-.0123456789abcdefghijklmnopqrstuvwxyz".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String word = text.substring(start, at);
        return switch (word) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> null;
            default -> Long.valueOf(word);
        };
    }
}
