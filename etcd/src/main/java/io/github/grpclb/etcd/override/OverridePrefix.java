package io.github.grpclb.etcd.override;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.ServiceName;
import io.github.grpclb.etcd.record.KeySpace;
import org.jspecify.annotations.Nullable;

/** Where overrides are in etcd: {@code <prefix><service>/<name>}, apart from the endpoints. */
@Internal
public final class OverridePrefix {

    /** The prefix of all overrides where none is configured. */
    public static final String DEFAULT = "/grpclb-overrides/";

    private OverridePrefix() {}

    /**
     * Returns the keys below a prefix.
     *
     * @param written with or without the "/" at its end
     * @param endpoints where endpoints are: no key may belong to both
     * @throws IllegalValueException if it is no prefix, or overlaps that of the endpoints
     */
    public static KeySpace of(String written, KeySpace endpoints) {
        String path = written.strip();
        String prefix = path.endsWith("/") ? path : path + "/";
        if (path.isEmpty() || !KeySpace.isPrefix(prefix)) {
            throw new IllegalValueException(
                    "overridesPrefix",
                    LogText.of(written),
                    "a prefix of visible characters, such as " + DEFAULT + ", without a part '.' or '..'");
        }
        if (isWithin(prefix, endpoints.prefix()) || isWithin(endpoints.prefix(), prefix)) {
            throw new IllegalValueException(
                    "overridesPrefix",
                    LogText.of(written),
                    "a prefix apart from that of the endpoints, '" + LogText.of(endpoints.prefix())
                            + "': neither may begin with the other");
        }
        return new KeySpace(prefix);
    }

    /** Whether the keys of one prefix are among those of another; no service's name begins with "/", so an empty one has none of these. */
    private static boolean isWithin(String prefix, String other) {
        return prefix.startsWith(other) && !(other.isEmpty() && prefix.startsWith("/"));
    }

    /** Returns the service whose override has a key; null where it is the key of none. */
    static @Nullable String service(KeySpace keys, String key) {
        int slash = key.lastIndexOf('/');
        if (!key.startsWith(keys.prefix()) || slash < keys.prefix().length()) {
            return null;
        }
        String service = key.substring(keys.prefix().length(), slash);
        return ServiceName.isValid(service) && KeySpace.isBelow(keys.servicePrefix(service), key) ? service : null;
    }
}
