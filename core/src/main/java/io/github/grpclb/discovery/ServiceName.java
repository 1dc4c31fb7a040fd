package io.github.grpclb.discovery;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * The grammar of service names: one for servers that register, clients that call, targets and the registry's keys, so that whatever
 * can be registered can be called.
 *
 * <p>A name has 1 to 255 visible characters of any script. There is no blank and no {@code %} in it, since a target writes other
 * characters with that; {@code /} stands only between parts, none of which is {@code .} or {@code ..}. So {@code user.rpc},
 * {@code cluster@callee} and {@code com.acme/orders} are names. In a target every character that a URI's path does not take is written
 * in percent-encoded UTF-8 ({@link #toPath}).
 */
public final class ServiceName {

    /** What a name has to be, as a person is told it. */
    public static final String EXPECTED =
            "1 to 255 visible characters, no blank and no '%'; '/' only between parts, no part '.' or '..'";

    private static final int MAX_LENGTH = 255;

    /** Letters, marks, numbers, punctuation and symbols; U+FFFD is what is left of bytes that are no UTF-8. */
    private static final String CHARACTER = "[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}&&[^%/\\uFFFD]]";

    private static final Pattern NAME = Pattern.compile(CHARACTER + "+(/" + CHARACTER + "+)*");

    private static final Pattern DOTS = Pattern.compile("(.*/)?\\.\\.?(/.*)?");

    /** What RFC 3986 takes in a path as it is, and the slash between segments. */
    private static final String IN_PATH =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";

    private ServiceName() {}

    /** Says whether a text can be a service's name. */
    public static boolean isValid(String name) {
        return name.length() <= MAX_LENGTH
                && NAME.matcher(name).matches()
                && !DOTS.matcher(name).matches();
    }

    /** Returns the path, without its leading slash, that stands for a valid name in a target. */
    public static String toPath(String name) {
        StringBuilder path = new StringBuilder(name.length());
        for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
            if (IN_PATH.indexOf(each) >= 0) {
                path.append((char) each);
            } else {
                path.append(String.format("%%%02X", each));
            }
        }
        return path.toString();
    }
}
