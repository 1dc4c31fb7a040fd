package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.kubernetes.KubernetesOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Makes the options for Kubernetes' API server out of the properties, and names the property in what is wrong.
 *
 * @param inCluster what holds in a pod
 */
record KubernetesSettings(GrpcLbProperties.Kubernetes properties, Supplier<KubernetesOptions> inCluster) {

    private static final String PREFIX = "grpc.lb.kubernetes.";

    /** That of {@code kubectl} where it is told none. */
    private static final String DEFAULT_NAMESPACE = "default";

    /**
     * Returns the options: a pod's own, or those of the API server that is configured, with what else is.
     *
     * @throws InvalidPropertyException if they do not fit, or if this is no pod and no API server is configured
     */
    KubernetesOptions options() {
        KubernetesOptions options = properties.apiServer() == null ? ofPod() : of(properties.apiServer());
        try {
            if (properties.namespace() != null) {
                options = options.withNamespace(properties.namespace());
            }
            if (properties.caFile() != null) {
                options = options.withCa(path("ca-file", properties.caFile()));
            }
            if (properties.tokenFile() != null) {
                options = options.withToken(path("token-file", properties.tokenFile()));
            }
            return options;
        } catch (IllegalValueException e) {
            throw refused(e);
        }
    }

    private KubernetesOptions ofPod() {
        try {
            return inCluster.get();
        } catch (IllegalValueException e) {
            throw new InvalidPropertyException(
                    PREFIX + "api-server",
                    null,
                    "the API server's URL, where this is not a pod with the token of a service account: "
                            + e.getMessage(),
                    "Mount the token (automountServiceAccountToken: true), or set the property, such as to"
                            + " http://127.0.0.1:8001 for kubectl proxy.",
                    e);
        }
    }

    private static KubernetesOptions of(String apiServer) {
        try {
            return KubernetesOptions.of(new URI(apiServer.strip()), DEFAULT_NAMESPACE);
        } catch (URISyntaxException e) {
            throw new InvalidPropertyException(
                    PREFIX + "api-server", apiServer, "https://host:port", "Correct the property.", e);
        } catch (IllegalValueException e) {
            throw refused(e);
        }
    }

    private static InvalidPropertyException refused(IllegalValueException e) {
        return InvalidPropertyException.of(e, PREFIX + RecordJson.propertyName(e.name()));
    }

    private static Path path(String name, String written) {
        try {
            return Path.of(written.strip());
        } catch (InvalidPathException e) {
            throw new InvalidPropertyException(
                    PREFIX + name, written, "the path of a file", "Correct the property.", e);
        }
    }
}
