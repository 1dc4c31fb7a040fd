package io.github.grpclb.etcd.record;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Consumers as they are written in etcd: {@code <prefix><service>/<instance>~<number>}, with a compact JSON object whose members are in the
 * order of their names. Immutable.
 */
@Internal
public final class ConsumerCodec {

    /** Texts of a consumer are short; the longest record takes less. */
    private static final int MAX_VALUE_BYTES = 16 * 1024;

    private static final String EXPECTED = "{\"application\":\"…\",\"instance\":\"…\",…}";

    private final KeySpace keys;

    /** @param keys where the consumers are */
    public ConsumerCodec(KeySpace keys) {
        this.keys = keys;
    }

    /** Returns the record's value. */
    public static ByteString encode(Consumer consumer) {
        StringBuilder out = new StringBuilder(128);
        append(out, "application", consumer.application());
        append(out, "instance", consumer.instance());
        append(out, "policy", consumer.policy());
        out.append(",\"servers\":").append(consumer.servers());
        out.append(",\"startedAt\":").append(consumer.startedAt());
        append(out, "version", consumer.version());
        return ByteString.copyFromUtf8(out.append('}').toString());
    }

    private static void append(StringBuilder out, String name, @Nullable String value) {
        if (value != null) {
            out.append(out.isEmpty() ? "{\"" : ",\"").append(name).append("\":");
            GoJson.appendString(out, value);
        }
    }

    /**
     * Reads one record.
     *
     * @throws MalformedRecordException if it is none
     */
    public Consumer decode(KeyValue record) throws MalformedRecordException {
        String service = keys.serviceOf(record.key());
        if (service == null) {
            throw new MalformedRecordException("key", record.key(), keys.prefix() + "<service>/<name without '/'>");
        }
        Map<String, @Nullable Object> object = StrictJson.readObject(text(record.value()));
        try {
            return new Consumer(
                    service,
                    required(object, "application"),
                    optional(object, "version"),
                    required(object, "instance"),
                    optional(object, "policy"),
                    Math.toIntExact(number(object, "servers")),
                    number(object, "startedAt"));
        } catch (IllegalValueException e) {
            throw new MalformedRecordException(e.name(), String.valueOf(e.value()), e.expected());
        } catch (ArithmeticException e) {
            throw new MalformedRecordException("servers", object, "a number of servers");
        }
    }

    private static String required(Map<String, @Nullable Object> object, String name) throws MalformedRecordException {
        String value = optional(object, name);
        if (value == null) {
            throw new MalformedRecordException("value", object, EXPECTED);
        }
        return value;
    }

    private static @Nullable String optional(Map<String, @Nullable Object> object, String name)
            throws MalformedRecordException {
        Object value = object.get(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw new MalformedRecordException(name, value, "a text");
    }

    private static long number(Map<String, @Nullable Object> object, String name) throws MalformedRecordException {
        Object value = object.get(name);
        if (value == null) {
            return 0;
        }
        try {
            if (value instanceof StrictJson.Num number) {
                return Long.parseLong(number.text());
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new MalformedRecordException(name, value, "a whole number");
    }

    private static String text(ByteString value) throws MalformedRecordException {
        if (value.size() > MAX_VALUE_BYTES) {
            throw new MalformedRecordException(
                    "value", "more than " + MAX_VALUE_BYTES + " bytes", "at most " + MAX_VALUE_BYTES);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(value.asReadOnlyByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new MalformedRecordException("value", value.toStringUtf8(), "UTF-8");
        }
    }
}
