package io.github.grpclb.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/**
 * Draws input as somebody would write it who means harm, or whose disk does. Made of plain functions of chance rather than of
 * jqwik's arbitraries: jqwik keeps each generator that it has once made, which for nested ones fills the heap.
 */
public final class Hostile {

    private static final long FIXED_SEED = 4711;
    private static final int MAX_DEPTH = 10;

    private static final String[] TEXTS = {
        "",
        " ",
        "a",
        "greeter",
        "com.acme/orders",
        "..",
        ".",
        "/",
        "//",
        "a/../b",
        "a//b",
        "%2e%2e",
        "%00",
        "null",
        "true",
        "NaN",
        "Infinity",
        "-0",
        "a\nb",
        "a\r\nFAKE LOG",
        "a\u0000b",
        "\u202egnp.exe",
        "\ufeffa",
        "\u2028",
        "\ud800",
        "\udc00x",
        "\ud83d\ude00",
        "${jndi:ldap://h/a}",
        "${password}",
        "#{1/0}",
        "{}",
        "user:secret@host",
        "grüße",
        "\u0661\u0662",
        "a: b (expected: c)",
        "x-header",
        "X-Header",
        "a-bin",
        ":a",
        "ring",
        "maglev",
        "fail",
        "strict",
        "fallback",
        "round_robin",
        "consistent_hash",
        "least_request",
        "peak_ewma",
        "up",
        "draining"
    };

    private static final String[] NUMBERS = {
        "1e3",
        "1E400",
        "1e-400",
        "1e999999999",
        "-1e-999999999",
        "0e999999999",
        "1e99999999999",
        "0x10",
        "010",
        "1.0",
        "1.",
        ".5",
        "1_000",
        "+1",
        "1000000",
        "1000001",
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "65535",
        "65536"
    };

    private static final String[] HOSTS = {
        "127.0.0.1",
        "10.0.0.1",
        "localhost",
        "backend-1.internal",
        "[::1]",
        "[fd00::1]",
        "a_b",
        "h",
        "host.",
        "0.0.0.0",
        "[::]",
        "224.0.0.1",
        "255.255.255.255",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fe80::1%eth0]",
        "127.1",
        "2130706433",
        "0xa9fea9fe",
        "0x7f.1",
        "0X7F.0.0.1",
        "010.0.0.1",
        "-h",
        "h-",
        "xn--p1ai",
        "a".repeat(63) + ".b",
        "a".repeat(64),
        "a.".repeat(140) + "b",
        "user@h",
        "h/x",
        "[",
        "]",
        "[]",
        ""
    };

    private static final String[] IPV6_HEADS = {"", "::", "::ffff:", "fe80::", "ff02::", "fd00::", "64:ff9b::"};
    private static final String[] DURATION_UNITS = {"ns", "us", "ms", "s", "m", "h", "d", "", "y"};
    private static final String[] DURATION_FORMS = {"PT%sS", "PT%sH", "P%sD", "-PT%sS", "PT-%sS", "%ss"};
    private static final String[] SCALARS = {
        "true", "false", "null", "NaN", "'a'", "\"\\ud800\"", "\"\\u0000\"", "\"", "undefined"
    };
    private static final String[] UNITS = {"a", "9", ".", "/", "a/", "a.", "[", "<", "\\", "\u00e9", "\ud83d\ude00", " "
    };

    private final Random random;

    private Hostile(Random random) {
        this.random = random;
    }

    /** Returns inputs drawn by a function, for a property. */
    public static <T> Arbitrary<T> inputs(Function<Hostile, T> draw) {
        return Arbitraries.randomValue(random -> draw.apply(new Hostile(random)));
    }

    /** Checks so many inputs that are the same in every run. */
    public static <T> void replay(Function<Hostile, T> draw, int count, Consumer<T> check) {
        Hostile hostile = new Hostile(new Random(FIXED_SEED));
        for (int i = 0; i < count; i++) {
            T input = draw.apply(hostile);
            try {
                check.accept(input);
            } catch (RuntimeException | Error e) {
                throw new AssertionError("input " + i + " of the fixed seed: " + input, e);
            }
        }
    }

    /** Returns whether something happens that does so one time in so many. */
    public boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    /** Returns a number from the first to the last. */
    public int between(int first, int last) {
        return first + random.nextInt(last - first + 1);
    }

    @SafeVarargs
    public final <T> T of(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Returns up to so many of them. */
    public <T> List<T> list(int most, Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            list.add(element.get());
        }
        return list;
    }

    /** A text, short or long, of letters, digits, control characters, lone surrogates, dots and slashes. */
    public String text() {
        return switch (random.nextInt(24)) {
            case 0, 1, 2 -> address();
            case 3, 4, 5 -> number();
            case 6, 7 -> characters(24, 0, 0xffff);
            case 8, 9 -> characters(24, 0x20, 0x7e);
            case 10 -> characters(8, 0xd7f0, 0xe010);
            case 11 -> characters(8, 0, 0x20);
            case 12 ->
                oneIn(8) ? of(UNITS).repeat(between(1, 5_000)) : of(UNITS).repeat(between(1, 300));
            default -> of(TEXTS);
        };
    }

    /** A whole number or what begins like one: huge, tiny, with an exponent, with thousands of digits. */
    public String number() {
        return switch (random.nextInt(14)) {
            case 0, 1 -> String.valueOf(random.nextLong());
            case 2 -> String.valueOf(Double.longBitsToDouble(random.nextLong()));
            case 3, 4, 5 -> of(NUMBERS);
            case 6 -> "9".repeat(oneIn(8) ? between(1, 5_000) : between(1, 25));
            default -> String.valueOf(between(-2, oneIn(2) ? 100 : 70_000));
        };
    }

    /** A duration in the form of Spring, of ISO 8601 or of gRPC. */
    public String duration() {
        return switch (random.nextInt(7)) {
            case 0 -> text();
            case 1, 2 -> of(DURATION_FORMS).formatted(number());
            default -> number() + of(DURATION_UNITS);
        };
    }

    /** An address, one that leads elsewhere, or what only looks like one. */
    public String address() {
        String host =
                switch (random.nextInt(9)) {
                    case 0, 1 -> String.join(".", list(5, () -> String.valueOf(between(-1, 260))));
                    case 2, 3 ->
                        "["
                                + of(IPV6_HEADS)
                                + String.join(":", list(8, () -> Integer.toHexString(random.nextInt(0x10000))))
                                + of("", "", "", "%eth0", "/64")
                                + "]";
                    case 4 -> characters(12, 0x20, 0x7e);
                    default -> of(HOSTS);
                };
        return host
                + of(":", ":", ":", ":", ":", ":", "::", "", " : ")
                + (oneIn(3) ? number() : String.valueOf(between(1, 65535)));
    }

    /** A JSON value, as a rule a well-formed one, with the names that somebody asks for. */
    public String json(List<String> names) {
        return json(names, 0);
    }

    /** A JSON object of members with these names, now and then one of them twice. */
    public String object(List<String> names) {
        return object(names, 0);
    }

    /** The text's bytes, some of them flipped, cut off, doubled or replaced as often as not; or any bytes at all. */
    public byte[] bytes(String text) {
        if (oneIn(20)) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            return bytes;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = oneIn(2) ? 0 : between(1, 4); i > 0 && bytes.length > 0; i--) {
            bytes = mutated(bytes, random.nextInt(bytes.length));
        }
        return bytes;
    }

    private String json(List<String> names, int depth) {
        int kind = depth > MAX_DEPTH ? 0 : random.nextInt(200);
        if (kind == 199) {
            return of("[", "{\"a\":", "[[],").repeat(of(7, 8, 9, 100, 10_000));
        }
        if (kind >= 170) {
            return object(names, depth + 1);
        }
        if (kind >= 150) {
            return "[" + String.join(",", list(4, () -> json(names, depth + 1))) + "]";
        }
        return switch (random.nextInt(10)) {
            case 0 -> of(SCALARS);
            case 1, 2, 3 -> number();
            case 4, 5 -> quoted(address());
            default -> quoted(text());
        };
    }

    private String object(List<String> names, int depth) {
        return "{"
                + String.join(
                        ",",
                        list(
                                oneIn(500) ? 100 : 6,
                                () -> quoted(oneIn(8) ? text() : names.get(random.nextInt(names.size()))) + ":"
                                        + json(names, depth)))
                + "}";
    }

    private String characters(int most, int first, int last) {
        StringBuilder out = new StringBuilder();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            out.append((char) between(first, last));
        }
        return out.toString();
    }

    private byte[] mutated(byte[] bytes, int at) {
        byte[] copy = bytes.clone();
        switch (random.nextInt(5)) {
            case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> copy[at] = (byte) random.nextInt(256);
            case 2 -> copy = Arrays.copyOf(bytes, at);
            case 3 -> copy = joined(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at + 1, bytes.length));
            default -> copy = joined(bytes, Arrays.copyOfRange(bytes, at, bytes.length));
        }
        return copy;
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** In quotes, with escapes where they are needed: also for half a surrogate pair, which UTF-8 could not carry. */
    private static String quoted(String text) {
        StringBuilder out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20 || Character.isSurrogate(c)) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
