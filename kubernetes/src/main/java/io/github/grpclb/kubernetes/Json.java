package io.github.grpclb.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import org.jspecify.annotations.Nullable;

/** Reads members of JSON objects that others wrote. A member that is missing or null is none; one of another type is an error. */
final class Json {

    private Json() {}

    /** Reads a text that is one object and nothing else. */
    static JsonObject parse(String text) throws MalformedAnswerException {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            JsonElement parsed = JsonParser.parseReader(reader);
            if (reader.peek() == JsonToken.END_DOCUMENT && parsed.isJsonObject()) {
                return parsed.getAsJsonObject();
            }
        } catch (IOException | JsonParseException | IllegalStateException e) {
            // said below
        }
        throw new MalformedAnswerException("text", text, "one JSON object");
    }

    static @Nullable JsonObject object(JsonObject object, String name) throws MalformedAnswerException {
        JsonElement found = member(object, name);
        return found == null ? null : asObject(name, found);
    }

    static JsonObject requiredObject(JsonObject object, String name) throws MalformedAnswerException {
        return required(name, object(object, name), "an object");
    }

    static JsonObject asObject(String name, JsonElement found) throws MalformedAnswerException {
        if (!found.isJsonObject()) {
            throw new MalformedAnswerException(name, found, "an object");
        }
        return found.getAsJsonObject();
    }

    /** Go writes an empty list as null, too. */
    static JsonArray array(JsonObject object, String name) throws MalformedAnswerException {
        JsonElement found = member(object, name);
        if (found == null) {
            return new JsonArray();
        }
        if (!found.isJsonArray()) {
            throw new MalformedAnswerException(name, found, "a list");
        }
        return found.getAsJsonArray();
    }

    /** To Go an empty text is none. */
    static @Nullable String text(JsonObject object, String name) throws MalformedAnswerException {
        JsonElement found = member(object, name);
        String text = found == null ? "" : asText(name, found);
        return text.isEmpty() ? null : text;
    }

    static String requiredText(JsonObject object, String name) throws MalformedAnswerException {
        return required(name, text(object, name), "a text");
    }

    static String asText(String name, JsonElement found) throws MalformedAnswerException {
        if (found instanceof JsonPrimitive primitive && primitive.isString()) {
            return primitive.getAsString();
        }
        throw new MalformedAnswerException(name, found, "a text");
    }

    static boolean flag(JsonObject object, String name, boolean otherwise) throws MalformedAnswerException {
        JsonElement found = member(object, name);
        if (found == null) {
            return otherwise;
        }
        if (found instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw new MalformedAnswerException(name, found, "true or false");
    }

    static @Nullable Long whole(JsonObject object, String name, long least, long most) throws MalformedAnswerException {
        JsonElement found = member(object, name);
        if (found == null) {
            return null;
        }
        try {
            if (found instanceof JsonPrimitive primitive && primitive.isNumber()) {
                long number = Long.parseLong(primitive.getAsString());
                if (number >= least && number <= most) {
                    return number;
                }
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new MalformedAnswerException(name, found, "a whole number, " + least + " to " + most);
    }

    static long requiredWhole(JsonObject object, String name, long least, long most) throws MalformedAnswerException {
        return required(name, whole(object, name, least, most), "a whole number");
    }

    private static <T> T required(String name, @Nullable T found, String expected) throws MalformedAnswerException {
        if (found == null) {
            throw new MalformedAnswerException(name, "none", expected);
        }
        return found;
    }

    private static @Nullable JsonElement member(JsonObject object, String name) {
        JsonElement found = object.get(name);
        return found == null || found.isJsonNull() ? null : found;
    }
}
