package io.github.grpclb.etcd.override;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.BalancingOverride;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.etcd.record.GoJson;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.etcd.record.RecordMetadata;
import io.github.grpclb.etcd.record.RecordText;
import io.github.grpclb.etcd.record.StrictJson;
import io.github.grpclb.override.Override;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Overrides as they are written in etcd: one JSON object with a selector, an effect, who wants it, why, since when and until when. Read
 * strictly: a record that says something else beside could mean something else. Immutable.
 */
@Internal
public final class OverrideCodec {

    private static final String SELECTOR = "selector";
    private static final String AUTHOR = "author";
    private static final String REASON = "reason";
    private static final String SINCE = "since";
    private static final String UNTIL = "until";
    private static final String FORCE = "force";
    private static final String KEY = "key";
    private static final String SHARES = "shares";

    private static final Set<String> SELECTORS = Set.of("server", "zone", "version", "service");
    private static final Set<String> EFFECTS = Set.of("weight", "disabled", "policy", "split");
    private static final Set<String> OTHERS = Set.of(SELECTOR, AUTHOR, REASON, SINCE, UNTIL, FORCE);

    private static final int MAX_SHARES = 64;

    /** To read a number takes the square of its length. */
    private static final int MAX_NUMBER = 64;

    private final KeySpace keys;

    /**
     * Creates it.
     *
     * @param keys where overrides are
     */
    public OverrideCodec(KeySpace keys) {
        this.keys = keys;
    }

    /**
     * Returns the record's value.
     *
     * @param force whether it may leave the service without a server that takes calls; only said, as a reader has no choice
     */
    public ByteString encode(Override override, boolean force) {
        StringBuilder out = new StringBuilder(256).append("{\"selector\":{");
        Override.Selector selector = override.selector();
        if (selector instanceof Override.Selector.Server server) {
            member(out, "server", server.idOrAddress());
        } else if (selector instanceof Override.Selector.Zone zone) {
            member(out, "zone", zone.zone());
        } else if (selector instanceof Override.Selector.Version version) {
            member(out, "version", version.version());
        } else {
            out.append("\"service\":true");
        }
        out.append("},");
        Override.Effect effect = override.effect();
        if (effect instanceof Override.Effect.Weight weight) {
            out.append("\"weight\":").append(weight.weight());
        } else if (effect instanceof Override.Effect.Policy policy) {
            member(out, "policy", policy.policy());
        } else if (effect instanceof Override.Effect.Split split) {
            write(split.split(), out);
        } else {
            out.append("\"disabled\":true");
        }
        member(out.append(','), AUTHOR, override.author());
        member(out.append(','), REASON, override.reason());
        member(out.append(','), SINCE, override.since().toString());
        member(out.append(','), UNTIL, override.until().toString());
        if (force) {
            out.append(",\"force\":true");
        }
        return ByteString.copyFromUtf8(out.append('}').toString());
    }

    private static void write(BalancingOverride.Split split, StringBuilder out) {
        member(out.append("\"split\":{"), KEY, split.key());
        String separator = ",\"shares\":{";
        if (split.shares().isEmpty()) {
            out.append(separator);
        }
        for (Map.Entry<String, Double> share : new TreeMap<>(split.shares()).entrySet()) {
            GoJson.appendString(out.append(separator), share.getKey());
            double perCent = share.getValue();
            if (perCent == Math.rint(perCent)) {
                out.append(':').append((long) perCent);
            } else {
                out.append(':').append(perCent);
            }
            separator = ",";
        }
        out.append("}}");
    }

    private static void member(StringBuilder out, String name, String text) {
        GoJson.appendString(out, name);
        GoJson.appendString(out.append(':'), text);
    }

    /**
     * Reads one record of a service.
     *
     * @throws MalformedRecordException if it is not all that it has to be, or more
     */
    public Override decode(String service, KeyValue record) throws MalformedRecordException {
        String below = keys.servicePrefix(service);
        if (!KeySpace.isBelow(below, record.key())) {
            throw new MalformedRecordException("key", record.key(), below + "<name without '/'>");
        }
        Map<String, @Nullable Object> object = StrictJson.readObject(RecordText.of(record.value()));
        for (String name : object.keySet()) {
            if (!OTHERS.contains(name) && !EFFECTS.contains(name)) {
                throw new MalformedRecordException("member", name, oneOf(OTHERS) + ", and one of " + oneOf(EFFECTS));
            }
        }
        if (object.containsKey(FORCE)) {
            isTrue(FORCE, object.get(FORCE));
        }
        try {
            return new Override(
                    service,
                    record.key().substring(below.length()),
                    selector(object.get(SELECTOR)),
                    effect(object),
                    text(AUTHOR, object.get(AUTHOR)),
                    text(REASON, object.get(REASON)),
                    instant(SINCE, object.get(SINCE)),
                    instant(UNTIL, object.get(UNTIL)),
                    record.key(),
                    // what is put over another one is newer than that, whose key it has
                    record.modRevision());
        } catch (IllegalValueException e) {
            throw new MalformedRecordException(e.name(), String.valueOf(e.value()), e.expected());
        }
    }

    private static Override.Selector selector(@Nullable Object written) throws MalformedRecordException {
        if (written instanceof Map<?, ?> map && map.size() == 1) {
            Map.Entry<?, ?> only = map.entrySet().iterator().next();
            switch (String.valueOf(only.getKey())) {
                case "server":
                    return new Override.Selector.Server(text("server", only.getValue()));
                case "zone":
                    return new Override.Selector.Zone(text("zone", only.getValue()));
                case "version":
                    return new Override.Selector.Version(text("version", only.getValue()));
                case "service":
                    isTrue("service", only.getValue());
                    return new Override.Selector.All();
                default: // said below
            }
        }
        throw new MalformedRecordException(
                SELECTOR, shown(written), "an object with one of " + oneOf(SELECTORS) + " and nothing beside");
    }

    private static Override.Effect effect(Map<String, @Nullable Object> object) throws MalformedRecordException {
        List<String> named =
                EFFECTS.stream().filter(object::containsKey).sorted().toList();
        if (named.size() != 1) {
            throw new MalformedRecordException(
                    "effect", named.isEmpty() ? "none" : String.join(", ", named), "one of " + oneOf(EFFECTS));
        }
        String name = named.get(0);
        Object value = object.get(name);
        return switch (name) {
            case "weight" ->
                new Override.Effect.Weight(
                        (int) RecordMetadata.integer(name, number(name, value), Endpoint.MAX_WEIGHT));
            case "policy" -> new Override.Effect.Policy(text(name, value));
            case "split" -> new Override.Effect.Split(split(value));
            default -> {
                isTrue(name, value);
                yield new Override.Effect.Disabled();
            }
        };
    }

    private static BalancingOverride.Split split(@Nullable Object written) throws MalformedRecordException {
        if (!(written instanceof Map<?, ?> map
                && map.keySet().equals(Set.of(KEY, SHARES))
                && map.get(SHARES) instanceof Map<?, ?> shares)) {
            throw new MalformedRecordException(
                    "split", shown(written), "{\"key\":\"version\",\"shares\":{\"v2\":5}} and nothing beside");
        }
        if (shares.isEmpty() || shares.size() > MAX_SHARES) {
            throw new MalformedRecordException(SHARES, shares.size(), "1 to " + MAX_SHARES + " values");
        }
        Map<String, Double> perCent = new HashMap<>();
        for (Map.Entry<?, ?> share : shares.entrySet()) {
            String name = text(SHARES, share.getKey());
            // 0 has no sign
            perCent.put(name, Double.parseDouble(number("share of " + name, share.getValue())) + 0.0);
        }
        return new BalancingOverride.Split(text(KEY, map.get(KEY)), perCent);
    }

    private static String text(String name, @Nullable Object value) throws MalformedRecordException {
        if (value instanceof String text && !text.isBlank() && text.length() <= Override.LONGEST_TEXT) {
            return text;
        }
        throw new MalformedRecordException(
                name,
                shown(value),
                "a text that is not blank, of at most " + Override.LONGEST_TEXT + " characters, in quotes");
    }

    private static String number(String name, @Nullable Object value) throws MalformedRecordException {
        if (value instanceof StrictJson.Num number && number.text().length() <= MAX_NUMBER) {
            return number.text();
        }
        throw new MalformedRecordException(name, shown(value), "a number");
    }

    private static void isTrue(String name, @Nullable Object value) throws MalformedRecordException {
        if (!Boolean.TRUE.equals(value)) {
            throw new MalformedRecordException(name, shown(value), "true");
        }
    }

    private static Instant instant(String name, @Nullable Object value) throws MalformedRecordException {
        try {
            return Instant.parse(text(name, value));
        } catch (DateTimeException e) {
            throw new MalformedRecordException(name, shown(value), "a time such as 2026-01-31T10:00:00Z");
        }
    }

    private static String shown(@Nullable Object value) {
        return value instanceof StrictJson.Num number ? number.text() : String.valueOf(value);
    }

    private static String oneOf(Set<String> names) {
        return String.join(", ", new TreeSet<>(names));
    }
}
