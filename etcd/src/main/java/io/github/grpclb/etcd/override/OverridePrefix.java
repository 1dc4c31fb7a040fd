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
        KeySpace keys = of(written);
        keys.requireApart("overridesPrefix", endpoints.prefix(), KeySpace.PROPERTY);
        return keys;
    }

    /**
     * Returns the keys below a prefix, wherever endpoints are.
     *
     * @param written with or without the "/" at its end
     * @throws IllegalValueException if it is no prefix
     */
    public static KeySpace of(String written) {
        String path = written.strip();
        String prefix = path.endsWith("/") ? path : path + "/";
        if (path.isEmpty() || !KeySpace.isPrefix(prefix)) {
            throw new IllegalValueException(
                    "overridesPrefix",
                    LogText.of(written),
                    "a prefix of visible characters, such as " + DEFAULT + ", without a part '.' or '..'");
        }
        return new KeySpace(prefix);
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
