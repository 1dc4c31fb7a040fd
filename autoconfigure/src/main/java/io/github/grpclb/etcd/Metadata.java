package io.github.grpclb.etcd;

import com.google.common.collect.Sets;
import io.github.grpclb.discovery.Endpoint;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The metadata of a record: the names that have a meaning, and the user's own beside them. */
final class Metadata {

    static final String ID = "id";
    static final String STARTED_AT = "startedAt";
    static final String STATE = "state";
    static final String WEIGHT = "weight";
    static final String ZONE = "zone";
    static final String VERSION = "version";

    /** Names that the record itself uses; no user's metadata may have them. */
    static final Set<String> RESERVED = Set.of(ID, STARTED_AT, STATE, WEIGHT, ZONE, VERSION);

    /** The user's own: what the record itself uses comes on top. */
    private static final int MAX_ENTRIES = 64;

    private static final int MAX_NAME = 128;
    private static final int MAX_TEXT = 4096;

    /** To read a number takes the square of its length. */
    private static final int MAX_NUMBER = 64;

    private Metadata() {}

    /** Puts what the metadata says into the endpoint; nested values and nulls say nothing. */
    static void read(Map<String, ? extends @Nullable Object> metadata, Endpoint.Builder endpoint)
            throws MalformedRecordException {
        int own = Sets.difference(metadata.keySet(), RESERVED).size();
        if (own > MAX_ENTRIES) {
            throw new MalformedRecordException("metadata", own, "at most " + MAX_ENTRIES + " entries");
        }
        Map<String, String> others = new TreeMap<>();
        for (Map.Entry<String, ? extends @Nullable Object> entry : metadata.entrySet()) {
            String text = text(entry.getKey(), entry.getValue());
            if (text != null) {
                readEntry(entry.getKey(), text, endpoint, others);
            }
        }
        endpoint.metadata(others);
    }

    private static void readEntry(String name, String text, Endpoint.Builder endpoint, Map<String, String> others)
            throws MalformedRecordException {
        switch (name) {
            case ID -> endpoint.id(text.isBlank() ? null : text);
            case STARTED_AT -> endpoint.startedAt(integer(name, text, Long.MAX_VALUE));
            case STATE -> endpoint.state(state(text));
            case WEIGHT -> endpoint.weight((int) integer(name, text, Endpoint.MAX_WEIGHT));
            case ZONE -> endpoint.zone(text.isBlank() ? null : text);
            case VERSION -> endpoint.version(text.isBlank() ? null : text);
            default -> others.put(name, text);
        }
    }

    /** Writes {@code ,"name":value …} in the order in which Go writes a map. */
    static void write(Endpoint endpoint, StringBuilder out) {
        Map<String, Object> entries = new TreeMap<>(GoJson.KEY_ORDER);
        endpoint.metadata().forEach((name, text) -> {
            if (RESERVED.contains(name)) {
                throw new IllegalArgumentException(
                        "metadata: '" + name + "' (expected: a name that the record itself does not use, as it does "
                                + String.join(", ", new TreeSet<>(RESERVED)) + ")");
            }
            entries.put(name, text);
        });
        putIfPresent(entries, ID, endpoint.id());
        putIfPresent(entries, ZONE, endpoint.zone());
        putIfPresent(entries, VERSION, endpoint.version());
        putIfPresent(entries, STARTED_AT, endpoint.startedAt() == 0 ? null : endpoint.startedAt());
        entries.put(STATE, endpoint.state() == Endpoint.State.UP ? "up" : "draining");
        entries.put(WEIGHT, endpoint.weight());
        String separator = "{";
        for (Map.Entry<String, Object> entry : entries.entrySet()) {
            out.append(separator);
            GoJson.appendString(out, entry.getKey());
            out.append(':');
            if (entry.getValue() instanceof String text) {
                GoJson.appendString(out, text);
            } else {
                out.append(entry.getValue());
            }
            separator = ",";
        }
        out.append('}');
    }

    private static void putIfPresent(Map<String, Object> entries, String name, @Nullable Object value) {
        if (value != null) {
            entries.put(name, value);
        }
    }

    private static @Nullable String text(String name, @Nullable Object value) throws MalformedRecordException {
        String text;
        if (value instanceof String string) {
            text = string;
        } else if (value instanceof StrictJson.Num number) {
            text = number.text();
        } else if (value instanceof Boolean bool) {
            text = bool.toString();
        } else {
            return null;
        }
        if (name.length() > MAX_NAME || text.length() > MAX_TEXT) {
            throw new MalformedRecordException(
                    "metadata",
                    name + "=" + text,
                    "a name of at most " + MAX_NAME + ", a text of at most " + MAX_TEXT + " characters");
        }
        return text;
    }

    private static Endpoint.State state(String text) throws MalformedRecordException {
        return switch (text) {
            case "up" -> Endpoint.State.UP;
            case "draining" -> Endpoint.State.DRAINING;
            default -> throw new MalformedRecordException(STATE, text, "up or draining");
        };
    }

    static long integer(String name, String text, long max) throws MalformedRecordException {
        try {
            if (text.length() <= MAX_NUMBER) {
                long number = new BigDecimal(text).longValueExact();
                if (number >= 0 && number <= max) {
                    return number;
                }
            }
        } catch (ArithmeticException | NumberFormatException e) {
            // said below
        }
        throw new MalformedRecordException(name, text, "an integer from 0 to " + max);
    }
}
