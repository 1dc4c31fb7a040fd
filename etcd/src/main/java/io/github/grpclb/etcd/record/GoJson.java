package io.github.grpclb.etcd.record;

import io.github.grpclb.discovery.Internal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/** Writes strings as Go's {@code encoding/json} does with its default settings, byte for byte. */
@Internal
public final class GoJson {

    /** The order in which Go writes the keys of a map: by their UTF-8 bytes. */
    static final Comparator<String> KEY_ORDER =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private GoJson() {}

    public static void appendString(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                out.append(c).append(text.charAt(++i));
            } else {
                appendChar(out, c);
            }
        }
        out.append('"');
    }

    private static void appendChar(StringBuilder out, char c) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '<', '>', '&', '\u2028', '\u2029' -> appendEscaped(out, c);
            default -> {
                if (Character.isSurrogate(c)) {
                    appendEscaped(out, '\ufffd');
                } else if (c < 0x20) {
                    appendEscaped(out, c);
                } else {
                    out.append(c);
                }
            }
        }
    }

    private static void appendEscaped(StringBuilder out, char c) {
        out.append(String.format("\\u%04x", (int) c));
    }
}
