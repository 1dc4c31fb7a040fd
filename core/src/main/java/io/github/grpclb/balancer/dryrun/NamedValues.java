package io.github.grpclb.balancer.dryrun;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Divides {@code name=value} texts by commas; a backslash takes its meaning from the comma, or the backslash, that follows it. */
final class NamedValues {

    private NamedValues() {}

    static List<String> split(@Nullable String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        String given = text == null ? "" : text;
        for (int i = 0; i < given.length(); i++) {
            char next = given.charAt(i);
            boolean escapes = next == '\\' && i + 1 < given.length() && ",\\".indexOf(given.charAt(i + 1)) >= 0;
            if (escapes) {
                part.append(given.charAt(++i));
            } else if (next == ',') {
                add(part, parts);
            } else {
                part.append(next);
            }
        }
        add(part, parts);
        return parts;
    }

    private static void add(StringBuilder part, List<String> parts) {
        if (!part.toString().isBlank()) {
            parts.add(part.toString().trim());
        }
        part.setLength(0);
    }
}
