package io.github.grpclb.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Words, and options of the forms {@code --name=value} and {@code --flag}. Immutable. */
final class CommandLine {

    private static final Pattern TIME = Pattern.compile("(\\d{1,6})(s|m|h|d)");

    private static final Set<String> VALUES = Set.of(
            "etcd",
            "user",
            "cacert",
            "cert",
            "key",
            "prefix",
            "overrides-prefix",
            "consumers-prefix",
            "timeout",
            "for",
            "why",
            "author",
            "name");
    private static final Set<String> FLAGS = Set.of("json", "force", "help");

    private final List<String> words;
    private final Map<String, String> options;

    private CommandLine(List<String> words, Map<String, String> options) {
        this.words = List.copyOf(words);
        this.options = Map.copyOf(options);
    }

    /**
     * Reads one.
     *
     * @throws UsageException if an option is unknown, or has a value where it must have none, or none where it must have one
     */
    static CommandLine parse(String... args) {
        List<String> words = new ArrayList<>();
        Map<String, String> options = new HashMap<>();
        for (String arg : args) {
            if (!arg.startsWith("--")) {
                words.add(arg);
                continue;
            }
            String[] option = arg.substring(2).split("=", 2);
            String name = option[0];
            if (!VALUES.contains(name) && !FLAGS.contains(name)) {
                throw new UsageException("unknown option " + arg);
            }
            if (VALUES.contains(name) != (option.length == 2)) {
                throw new UsageException(arg + " (expected: --" + name + (VALUES.contains(name) ? "=…)" : ")"));
            }
            if (options.put(name, option.length == 2 ? option[1] : "") != null) {
                throw new UsageException("--" + name + " is given twice");
            }
        }
        return new CommandLine(words, options);
    }

    /** Returns the command; empty where there is none. */
    String command() {
        return words.isEmpty() ? "" : words.get(0);
    }

    /**
     * Returns the words after the command.
     *
     * @param expected what each of them is, for the message
     * @throws UsageException if there are more, or fewer than are not in brackets
     */
    List<String> words(String... expected) {
        int given = words.size() - 1;
        long needed =
                List.of(expected).stream().filter(each -> !each.startsWith("[")).count();
        if (given < needed || given > expected.length) {
            throw new UsageException(command() + ": " + given + " words (expected: " + command() + " "
                    + String.join(" ", expected) + ")");
        }
        return words.subList(1, words.size());
    }

    boolean has(String flag) {
        return options.containsKey(flag);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(options.get(name));
    }

    String required(String name, String what) {
        return text(name)
                .filter(value -> !value.isBlank())
                .orElseThrow(() -> new UsageException("--" + name + " is missing (expected: " + what + ")"));
    }

    Optional<Duration> time(String name) {
        return text(name).map(text -> {
            Matcher time = TIME.matcher(text);
            if (!time.matches()) {
                throw new UsageException("--" + name + "=" + text + " (expected: a time such as 30s, 10m, 2h or 1d)");
            }
            long amount = Long.parseLong(time.group(1));
            return switch (time.group(2)) {
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                case "h" -> Duration.ofHours(amount);
                default -> Duration.ofDays(amount);
            };
        });
    }
}
