package io.github.grpclb.sample.client;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A command line of {@code --name=value} and {@code --flag}. What is wrong with it is told with what was expected. */
final class Arguments {

    private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    private final Map<String, String> given;

    private Arguments(Map<String, String> given) {
        this.given = given;
    }

    /**
     * Reads a command line.
     *
     * @param flags names of options without a value
     * @param values names of options with one
     * @param properties whether names with a dot are somebody else's, and allowed
     * @throws IllegalArgumentException if an option is unknown, or has a value where it must have none, or none where it must have one
     */
    static Arguments parse(Set<String> flags, Set<String> values, boolean properties, String... args) {
        Map<String, String> given = new HashMap<>();
        for (String arg : args) {
            String[] option = arg.split("=", 2);
            String name = option[0].startsWith("--") ? option[0].substring(2) : "";
            if (flags.contains(name) ? option.length == 2 : values.contains(name) && option.length == 1) {
                throw new IllegalArgumentException(arg + " (expected: --" + name + (option.length == 1 ? "=…)" : ")"));
            }
            if (!flags.contains(name) && !values.contains(name) && !(properties && name.contains("."))) {
                throw new IllegalArgumentException("unknown option " + arg);
            }
            given.put(name, option.length == 1 ? "" : option[1]);
        }
        return new Arguments(given);
    }

    boolean has(String name) {
        return given.containsKey(name);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(given.get(name));
    }

    int number(String name, int fallback) {
        String text = given.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= 1) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("--" + name + "=" + text + " (expected: a whole number, 1 or more)");
    }

    Duration time(String name, Duration fallback) {
        String text = given.get(name);
        if (text == null) {
            return fallback;
        }
        Matcher time = TIME.matcher(text);
        if (!time.matches()) {
            throw new IllegalArgumentException(
                    "--" + name + "=" + text + " (expected: a time such as 500ms, 30s or 2m)");
        }
        long amount = Long.parseLong(time.group(1));
        return switch (time.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }
}
