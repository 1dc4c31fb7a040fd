package io.github.grpclb.actuate;

import java.util.List;
import java.util.Locale;
import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;

/**
 * Keeps etcd's password, the token of xDS clients, and the passwords and keys of the SSL bundles for both, out of the actuator's {@code env} and {@code
 * configprops}, also where these are to show values.
 */
public final class SecretSanitizer implements SanitizingFunction {

    private static final List<String> SECRETS = List.of("grpclbetcdpassword", "grpclbxdstoken");
    private static final String BUNDLES = "springsslbundle";

    private final List<String> ours;

    /**
     * Creates the function.
     *
     * @param bundles the names of the SSL bundles whose contents are secret
     */
    public SecretSanitizer(List<String> bundles) {
        this.ours = bundles.stream().map(SecretSanitizer::bare).toList();
    }

    @Override
    public SanitizableData apply(SanitizableData data) {
        String key = bare(data.getKey());
        boolean ofBundle = key.startsWith(BUNDLES) && ours.stream().anyMatch(key::contains);
        boolean secret = SECRETS.stream().anyMatch(key::endsWith)
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
