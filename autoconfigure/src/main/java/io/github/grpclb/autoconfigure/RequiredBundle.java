package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.Internal;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;

/** Finds the SSL bundle that a property names. */
@Internal
public final class RequiredBundle {

    private RequiredBundle() {}

    /**
     * Returns the bundles, of which one has that name.
     *
     * @param bundles the application's; null where it has none
     * @throws InvalidPropertyException if there is no such bundle
     */
    public static SslBundles among(@Nullable SslBundles bundles, String name, String property) {
        try {
            if (bundles == null) {
                throw new NoSuchSslBundleException(name, "this application has no SSL bundles");
            }
            bundles.getBundle(name);
            return bundles;
        } catch (NoSuchSslBundleException e) {
            throw new InvalidPropertyException(
                    property, name, "the name of an SSL bundle", "Define it under spring.ssl.bundle.", e);
        }
    }
}
