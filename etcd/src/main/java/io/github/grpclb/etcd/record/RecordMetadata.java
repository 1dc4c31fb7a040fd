package io.github.grpclb.etcd.record;

import com.google.common.collect.Sets;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a record: the names that have a meaning, and the user's own beside them. All of it is optional: what cannot be
 * read of what another framework wrote is left out. What nobody writes by mistake, such as a negative weight, ends the reading.
 */
@Internal
public final class RecordMetadata {

    static final String ID = "id";
    static final String STARTED_AT = "startedAt";
    static final String STATE = "state";
    static final String WEIGHT = "weight";
    static final String ZONE = "zone";
    static final String VERSION = "version";

    /** Names that the record itself uses; no user's metadata may have them. */
    public static final Set<String> RESERVED = Set.of(ID, STARTED_AT, STATE, WEIGHT, ZONE, VERSION);

    private static final List<String> IN_ORDER = RESERVED.stream().sorted().toList();

    /** The user's own: what the record itself uses comes on top. */
    private static final int MAX_ENTRIES = 64;

    /** Of more than these nobody can mean anything. */
    private static final int MOST_ENTRIES = 1000;

    private static final int MAX_NAME = 128;
    private static final int MAX_TEXT = 4096;

    /** To read a number takes the square of its length. */
    private static final int MAX_NUMBER = 64;

    private static final String WEIGHTS = "an integer from 0 to " + Endpoint.MAX_WEIGHT;

    private RecordMetadata() {}

    /**
     * Puts what the metadata says into the endpoint; nested values and nulls say nothing.
     *
     * @param leftOut is told of each that cannot be read, and why
     */
    static void read(
            Map<String, ? extends @Nullable Object> metadata,
            Endpoint.Builder endpoint,
            Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        Set<String> own = new TreeSet<>(Sets.difference(metadata.keySet(), RESERVED));
        if (own.size() > MAX_ENTRIES) {
            MalformedRecordException tooMany =
                    new MalformedRecordException("metadata", own.size(), "at most " + MAX_ENTRIES + " entries");
            if (own.size() > MOST_ENTRIES) {
                throw tooMany;
            }
            leftOut.accept(tooMany);
        }
        for (String name : IN_ORDER) {
            Object value = metadata.get(name);
            try {
                String text = text(name, value);
                if (text != null) {
                    readReserved(name, text, endpoint, leftOut);
                }
            } catch (MalformedRecordException e) {
                if (isHostile(name, value)) {
                    throw e;
                }
                leftOut.accept(e);
            }
        }
        Map<String, String> others = new TreeMap<>();
        own.stream().limit(MAX_ENTRIES).forEach(name -> {
            try {
                String text = text(name, metadata.get(name));
                if (text != null) {
                    others.put(name, text);
                }
            } catch (MalformedRecordException e) {
                leftOut.accept(e);
            }
        });
        endpoint.metadata(others);
    }

    private static void readReserved(
            String name, String text, Endpoint.Builder endpoint, Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        switch (name) {
            case ID -> endpoint.id(text.isBlank() ? null : text);
            case STARTED_AT -> endpoint.startedAt(integer(name, text, Long.MAX_VALUE));
            case STATE -> endpoint.state(state(text));
            case WEIGHT -> endpoint.weight(weight(text, leftOut));
            case ZONE -> endpoint.zone(text.isBlank() ? null : text);
            default -> endpoint.version(text.isBlank() ? null : text);
        }
    }

    /**
     * Reads a weight. One with a fraction is rounded, as that is nearest to what is meant, but never to 0, which would mean no
     * calls at all.
     */
    static int weight(String text, Consumer<MalformedRecordException> leftOut) throws MalformedRecordException {
        BigDecimal number = number(text);
        if (number != null && number.signum() > 0 && number.compareTo(BigDecimal.valueOf(Endpoint.MAX_WEIGHT)) <= 0) {
            // compared first: to bring 1e-999999999 to another scale takes its digits
            int rounded = number.compareTo(BigDecimal.ONE) <= 0
                    ? 1
                    : number.setScale(0, RoundingMode.HALF_UP).intValueExact();
            if (number.compareTo(BigDecimal.valueOf(rounded)) != 0) {
                leftOut.accept(new MalformedRecordException(WEIGHT, text, WEIGHTS + "; read as " + rounded));
            }
            return rounded;
        }
        return (int) integer(WEIGHT, text, Endpoint.MAX_WEIGHT);
    }

    /** A negative weight, and a number that is meant to cost, are no foreign words. */
    private static boolean isHostile(String name, @Nullable Object value) {
        if (value instanceof StrictJson.Num number && number.text().length() > MAX_NUMBER) {
            return true;
        }
        String text = anyText(value);
        BigDecimal number = name.equals(WEIGHT) && text != null ? number(text) : null;
        return number != null && number.signum() < 0;
    }

    /** Writes {@code ,"name":value …} in the order in which Go writes a map. */
    static void write(Endpoint endpoint, StringBuilder out) {
        Map<String, Object> entries = new TreeMap<>(GoJson.KEY_ORDER);
        endpoint.metadata().forEach((name, text) -> {
            if (RESERVED.contains(name)) {
                throw new IllegalValueException(
                        "metadata",
                        name,
                        "a name that the record itself does not use, as it does "
                                + String.join(", ", new TreeSet<>(RESERVED)));
            }
            entries.put(name, text);
        });
        putIfPresent(entries, ID, endpoint.id());
        putIfPresent(entries, ZONE, endpoint.zone());
        putIfPresent(entries, VERSION, endpoint.version());
        putIfPresent(entries, STARTED_AT, endpoint.startedAt() == 0 ? null : endpoint.startedAt());
        entries.put(STATE, state(endpoint));
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

    private static String state(Endpoint endpoint) {
        return switch (endpoint.state()) {
            case UP -> "up";
            case DRAINING -> "draining";
            case DISABLED -> throw new IllegalValueException(STATE, endpoint.state(), "UP or DRAINING");
        };
    }

    private static void putIfPresent(Map<String, Object> entries, String name, @Nullable Object value) {
        if (value != null) {
            entries.put(name, value);
        }
    }

    private static @Nullable String text(String name, @Nullable Object value) throws MalformedRecordException {
        String text = anyText(value);
        if (text != null && (name.length() > MAX_NAME || text.length() > MAX_TEXT)) {
            throw new MalformedRecordException(
                    "metadata",
                    name + "=" + text,
                    "a name of at most " + MAX_NAME + ", a text of at most " + MAX_TEXT + " characters");
        }
        return text;
    }

    private static @Nullable String anyText(@Nullable Object value) {
        if (value instanceof String string) {
            return string;
        }
        if (value instanceof StrictJson.Num number) {
            return number.text();
        }
        return value instanceof Boolean bool ? bool.toString() : null;
    }

    /** Returns the number, or null where the text is none or one of too many digits. */
    private static @Nullable BigDecimal number(String text) {
        try {
            return text.length() <= MAX_NUMBER ? new BigDecimal(text) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static Endpoint.State state(String text) throws MalformedRecordException {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "up" -> Endpoint.State.UP;
            case "draining" -> Endpoint.State.DRAINING;
            default -> throw new MalformedRecordException(STATE, text, "up or draining");
        };
    }

    public static long integer(String name, String text, long max) throws MalformedRecordException {
        BigDecimal read = number(text);
        try {
            if (read != null) {
                long number = read.longValueExact();
                if (number >= 0 && number <= max) {
                    return number;
                }
            }
        } catch (ArithmeticException e) {
            // said below
        }
        throw new MalformedRecordException(name, text, "an integer from 0 to " + max);
    }
}
