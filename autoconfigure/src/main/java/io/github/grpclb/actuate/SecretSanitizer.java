package io.github.grpclb.actuate;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;

/**
 * Keeps etcd's password, and the passwords and keys of the SSL bundle for etcd, out of the actuator's {@code env} and {@code
 * configprops}, also where these are to show values.
 */
public final class SecretSanitizer implements SanitizingFunction {

    private static final String PASSWORD = "grpclbetcdpassword";
    private static final String BUNDLES = "springsslbundle";

    private final @Nullable String bundle;

    /**
     * Creates the function.
     *
     * @param bundle the name of the SSL bundle for etcd, or null where there is none
     */
    public SecretSanitizer(@Nullable String bundle) {
        this.bundle = bundle == null ? null : bare(bundle);
    }

    @Override
    public SanitizableData apply(SanitizableData data) {
        String key = bare(data.getKey());
        boolean ofBundle = bundle != null && key.startsWith(BUNDLES) && key.contains(bundle);
        boolean secret = key.endsWith(PASSWORD)
                || ofBundle
                        && (key.endsWith("password")
                                || String.valueOf(data.getValue()).contains("PRIVATE KEY"));
        return secret ? data.withSanitizedValue() : data;
    }

    /** A name as Spring compares names: {@code GRPC_LB_ETCD_PASSWORD} in the environment is the same property. */
    private static String bare(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }
}
