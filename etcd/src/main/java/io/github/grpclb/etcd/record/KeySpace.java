package io.github.grpclb.etcd.record;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.ServiceName;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where endpoints are in etcd: {@code <prefix><service>/<tail>}. We write the address as the tail and read any tail
 * without a slash, so that {@code com.acme} and {@code com.acme/orders} are two services that do not meet.
 *
 * @param prefix empty, or ends in "/"
 */
@Internal
public record KeySpace(String prefix) {

    /** What sets the prefix of servers in an application. */
    public static final String PROPERTY = "grpc.lb.etcd.prefix";

    private static final int MAX_KEY_BYTES = 512;

    /** Anything visible. */
    private static final Pattern PREFIX = Pattern.compile("[^\\s\\p{Cntrl}\\p{Cf}]*");

    private static final Pattern DOTS = Pattern.compile("(.*/)?\\.\\.?(/.*)?");

    private static final int MAX_PREFIX = 255;

    /** Says whether services may stand below a path. */
    public static boolean isPrefix(String path) {
        return path.length() <= MAX_PREFIX
                && PREFIX.matcher(path).matches()
                && !DOTS.matcher(path).matches();
    }

    /**
     * Returns the prefix below which a service's endpoints are.
     *
     * @throws IllegalValueException if the name cannot be one
     */
    public String servicePrefix(String service) {
        if (!ServiceName.isValid(service)) {
            throw new IllegalValueException("service", LogText.of(service), ServiceName.EXPECTED);
        }
        return prefix + service + "/";
    }

    /** Returns a key that tells nothing, to be read to see whether etcd answers; it has none that is empty. */
    public String probe() {
        return prefix.isEmpty() ? "/" : prefix;
    }

    public String key(Endpoint endpoint) {
        return servicePrefix(endpoint.service()) + endpoint.address();
    }

    /** Returns the key's tail below the service, or null if the key is none of this service's records. */
    @Nullable
    String tail(String service, String key) {
        String below = servicePrefix(service);
        return isBelow(below, key) ? key.substring(below.length()) : null;
    }

    /**
     * Returns whether a key could be one of both: one prefix goes on where the other ends, with what may begin a service's name.
     *
     * @param other of the same kind: empty, or ends in "/"
     */
    public boolean overlaps(String other) {
        return goesOn(prefix, other) || goesOn(other, prefix);
    }

    /**
     * Checks that no key can be one of both.
     *
     * @param name what sets this prefix
     * @param other of the same kind: empty, or ends in "/"
     * @param otherName what sets the other one
     * @throws IllegalValueException with both names and both values, if one could be
     */
    public void requireApart(String name, String other, String otherName) {
        if (overlaps(other)) {
            throw new IllegalValueException(
                    name,
                    LogText.of(prefix),
                    "a prefix apart from " + otherName + ", which is '" + LogText.of(other)
                            + "': neither may begin with the other");
        }
    }

    private static boolean goesOn(String shorter, String longer) {
        return longer.startsWith(shorter)
                && (longer.length() == shorter.length() || longer.charAt(shorter.length()) != '/');
    }

    /** Returns the service whose record a key is; null where it is none's. */
    public @Nullable String serviceOf(String key) {
        int end = key.lastIndexOf('/');
        if (!key.startsWith(prefix) || end <= prefix.length()) {
            return null;
        }
        String service = key.substring(prefix.length(), end);
        return ServiceName.isValid(service) && isBelow(servicePrefix(service), key) ? service : null;
    }

    /** Returns whether a key is that of a record of the service that has a prefix. */
    public static boolean isBelow(String servicePrefix, String key) {
        return key.startsWith(servicePrefix)
                && key.length() > servicePrefix.length()
                && key.indexOf('/', servicePrefix.length()) < 0
                && key.getBytes(StandardCharsets.UTF_8).length <= MAX_KEY_BYTES;
    }
}
