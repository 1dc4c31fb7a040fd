package io.github.grpclb.etcd.record;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.github.grpclb.discovery.Internal;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads one JSON object that somebody else wrote: strictly, to a bounded depth, no name twice. */
@Internal
public final class StrictJson {

    private static final int MAX_DEPTH = 8;

    /** A JSON number, as it was written. */
    public record Num(String text) {}

    private StrictJson() {}

    /** Returns the object's members: strings, {@link Num}s, booleans, lists, maps and nulls. */
    public static Map<String, @Nullable Object> readObject(String text) throws MalformedRecordException {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(MAX_DEPTH);
            Map<String, @Nullable Object> object = readMembers(reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new MalformedRecordException("value", text, "one JSON object and nothing after it");
            }
            return object;
        } catch (IOException | IllegalStateException e) {
            String why = e instanceof MalformedJsonException ? "JSON" : "JSON of at most " + MAX_DEPTH + " levels";
            throw new MalformedRecordException("value", text, why);
        }
    }

    /**
     * Returns the member whose name is equal but for case, as Go's decoder finds it; null where it is null or missing.
     *
     * @throws MalformedRecordException if there are two
     */
    static @Nullable Object member(Map<String, @Nullable Object> object, String name) throws MalformedRecordException {
        String found = null;
        for (String candidate : object.keySet()) {
            if (candidate.toLowerCase(Locale.ROOT).equals(name)) {
                if (found != null) {
                    throw new MalformedRecordException("member", found + "' and '" + candidate, "one of them");
                }
                found = candidate;
            }
        }
        return found == null ? null : object.get(found);
    }

    private static @Nullable Object readValue(JsonReader reader) throws IOException, MalformedRecordException {
        return switch (reader.peek()) {
            case BEGIN_OBJECT -> readMembers(reader);
            case BEGIN_ARRAY -> readElements(reader);
            case STRING -> reader.nextString();
            case NUMBER -> new Num(reader.nextString());
            case BOOLEAN -> reader.nextBoolean();
            default -> {
                reader.nextNull();
                yield null;
            }
        };
    }

    private static Map<String, @Nullable Object> readMembers(JsonReader reader)
            throws IOException, MalformedRecordException {
        Map<String, @Nullable Object> members = new HashMap<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (members.containsKey(name)) {
                throw new MalformedRecordException("member", name, "once");
            }
            members.put(name, readValue(reader));
        }
        reader.endObject();
        return members;
    }

    private static List<@Nullable Object> readElements(JsonReader reader) throws IOException, MalformedRecordException {
        List<@Nullable Object> elements = new ArrayList<>();
        reader.beginArray();
        while (reader.hasNext()) {
            elements.add(readValue(reader));
        }
        reader.endArray();
        return elements;
    }
}
