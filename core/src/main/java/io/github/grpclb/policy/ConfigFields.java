package io.github.grpclb.policy;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Similar;
import io.grpc.Metadata;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads an object of a service config in gRPC's JSON form. What is not as it must be ends in an {@link IllegalValueException} that
 * names field, value and expectation. Numbers and flags may also be written as text, as they are in properties. Whoever has read all
 * fields that he knows refuses the others by {@link #requireNoOthers}. Not thread-safe.
 */
public final class ConfigFields {

    /** gRPC's own form: seconds with at most nine decimals. */
    private static final Pattern SECONDS = Pattern.compile("(\\d{1,9})(?:\\.(\\d{1,9}))?s");

    /** As properties are written, where seconds do not fit. */
    private static final Pattern UNITS = Pattern.compile("(\\d{1,9})(ns|us|ms|m|h|d)");

    private static final Map<String, ChronoUnit> UNIT_NAMES = Map.of(
            "ns", ChronoUnit.NANOS,
            "us", ChronoUnit.MICROS,
            "ms", ChronoUnit.MILLIS,
            "m", ChronoUnit.MINUTES,
            "h", ChronoUnit.HOURS,
            "d", ChronoUnit.DAYS);

    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,15}(?:\\.\\d{1,15})?");

    private final String path;
    private final Map<?, ?> fields;
    private final Set<String> asked = new TreeSet<>();
    private final List<ConfigFields> inner = new ArrayList<>();

    private ConfigFields(String path, Map<?, ?> fields) {
        this.path = path;
        this.fields = fields;
    }

    /** Reads an object that stands by itself, such as the options of a policy. */
    public static ConfigFields of(Map<String, ?> raw) {
        return new ConfigFields("", raw);
    }

    /** Says whether there is a field of that name. */
    public boolean has(String field) {
        return at(field) != null;
    }

    /** Returns the object of that name, an empty one where there is none. */
    public ConfigFields object(String field) {
        return within(path + field + ".", map(field));
    }

    /** Returns what the object of that name holds, as it is. */
    @SuppressWarnings("unchecked") // map() has seen to it
    public Map<String, ?> raw(String field) {
        return (Map<String, ?>) map(field);
    }

    /** Returns the objects of the list of that name, none where there is no list. */
    public List<ConfigFields> objects(String field) {
        Object value = at(field);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            throw refused(field, value, "a list of objects");
        }
        List<ConfigFields> objects = new ArrayList<>();
        for (Object element : list) {
            if (!(element instanceof Map<?, ?> map)) {
                throw refused(field, value, "a list of objects");
            }
            objects.add(within(path + field + "[" + objects.size() + "].", map));
        }
        return objects;
    }

    /** Returns a text, or null where there is none. */
    public @Nullable String text(String field, String expected) {
        Object value = at(field);
        if (value == null || value instanceof String text && !text.isBlank()) {
            return (String) value;
        }
        throw refused(field, value, expected);
    }

    /** Returns a text that must be there. */
    public String requiredText(String field, String expected) {
        String text = text(field, expected);
        if (text == null) {
            throw refused(field, null, expected);
        }
        return text;
    }

    /** Returns a flag, or {@code absent} where there is none. */
    public boolean flag(String field, boolean absent) {
        Object value = at(field);
        if (value == null) {
            return absent;
        }
        return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused(field, value, "true or false");
        };
    }

    /** Returns a whole number from {@code least} to {@code most}, or {@code absent} where there is none. */
    public int whole(String field, int absent, int least, int most) {
        Object value = at(field);
        if (value == null) {
            return absent;
        }
        double wanted = number(value);
        if (wanted == Math.rint(wanted) && wanted >= least && wanted <= most) {
            return (int) wanted;
        }
        throw refused(field, value, "a whole number from " + least + " to " + most);
    }

    /** Returns a number from {@code least} to {@code most}, or {@code absent} where there is none. */
    public double number(String field, double absent, double least, double most) {
        Object value = at(field);
        if (value == null) {
            return absent;
        }
        double wanted = number(value);
        if (wanted >= least && wanted <= most) {
            return wanted;
        }
        throw refused(field, value, "a number from " + least + " to " + most);
    }

    /** Returns the numbers by name of the object of that name, in alphabetical order; immutable. */
    public Map<String, Double> numbers(String field, double least, double most) {
        ConfigFields object = object(field);
        Map<String, Double> numbers = new TreeMap<>();
        for (Object name : object.fields.keySet()) {
            numbers.put((String) name, object.number((String) name, 0, least, most));
        }
        return Collections.unmodifiableMap(numbers);
    }

    /**
     * Returns a duration, given as gRPC does, {@code "0.5s"}, as ISO 8601 does, {@code "PT0.5S"}, or as Spring does, {@code "500ms"}.
     */
    public Duration duration(String field, Duration absent, Duration least) {
        Object value = at(field);
        if (value == null) {
            return absent;
        }
        Duration duration = value instanceof String text ? duration(text) : null;
        if (duration == null || duration.compareTo(least) < 0 || duration.toDays() > 365) {
            throw refused(field, value, "a duration from " + seconds(least) + " to 365 days, such as 10s or 0.5s");
        }
        return duration;
    }

    /** Returns the key of a header that is named, or null where none is. */
    public Metadata.@Nullable Key<String> header(String field) {
        String name = text(field, "the name of a header");
        try {
            return name == null ? null : Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
        } catch (IllegalArgumentException e) {
            throw refused(field, name, "a gRPC header's name that does not end in -bin");
        }
    }

    /**
     * Refuses fields that nobody has asked for, here and in the objects that were read.
     *
     * @throws IllegalValueException if there is one; it names the field that may be meant
     */
    public void requireNoOthers() {
        fields.keySet().stream()
                .map(String::valueOf)
                .filter(Predicate.not(asked::contains))
                .filter(field -> fields.get(field) != null)
                .sorted()
                .findFirst()
                .ifPresent(field -> {
                    throw refused(field, fields.get(field), asked.isEmpty() ? "no fields here" : known(field));
                });
        inner.forEach(ConfigFields::requireNoOthers);
    }

    private String known(String unknown) {
        return "one of the fields " + String.join(", ", asked)
                + Similar.to(unknown, asked)
                        .map(similar -> "; did you mean " + similar + "?")
                        .orElse("");
    }

    /** Returns the exception for a value that is not as it must be. */
    public IllegalValueException refused(String field, @Nullable Object value, String expected) {
        return new IllegalValueException(path + field, value, expected);
    }

    /** Returns the names of the fields that have been asked for so far, in alphabetical order. */
    public SortedSet<String> asked() {
        return new TreeSet<>(asked);
    }

    private @Nullable Object at(String field) {
        asked.add(field);
        return fields.get(field);
    }

    private ConfigFields within(String ownPath, Map<?, ?> ownFields) {
        ConfigFields object = new ConfigFields(ownPath, ownFields);
        inner.add(object);
        return object;
    }

    private Map<?, ?> map(String field) {
        Object value = at(field);
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> map && map.keySet().stream().allMatch(String.class::isInstance)) {
            return map;
        }
        throw refused(field, value, "an object");
    }

    /** Returns a number, or NaN for what is none. */
    private static double number(Object value) {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        return value instanceof String text && NUMBER.matcher(text).matches() ? Double.parseDouble(text) : Double.NaN;
    }

    private static @Nullable Duration duration(String text) {
        Matcher seconds = SECONDS.matcher(text);
        if (seconds.matches()) {
            String decimals = seconds.group(2) == null ? "" : seconds.group(2);
            String nanos = decimals + "0".repeat(9 - decimals.length());
            return Duration.ofSeconds(Long.parseLong(seconds.group(1)), Long.parseLong(nanos));
        }
        Matcher units = UNITS.matcher(text);
        if (units.matches()) {
            return Duration.of(Long.parseLong(units.group(1)), Objects.requireNonNull(UNIT_NAMES.get(units.group(2))));
        }
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() / 1000.0 + "s";
    }
}
