package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.LogText;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A Service as a target names it. Immutable.
 *
 * @param namespace where the Service is
 * @param name the Service's name
 * @param port which of its ports is called, by name or number; null where it has only one
 */
record ServiceTarget(
        String namespace, String name, @Nullable String port) {

    private static final String LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";

    /** What follows the namespace in a DNS name of the cluster changes nothing. */
    private static final Pattern FORM = Pattern.compile("(?<name>" + LABEL + ")(?:\\.(?<namespace>" + LABEL
            + ")(?:\\.svc(?:\\." + LABEL + ")*)?)?(?::(?<port>" + LABEL + "))?");

    private static final Pattern NUMBER = Pattern.compile("[0-9]+");

    private static final String EXPECTED =
            "service, service.namespace or service.namespace:port in lower case, the port by its"
                    + " name or its number of 1 to 65535 in the EndpointSlices";

    /**
     * Reads what stands behind {@code k8s:///}.
     *
     * @param ownNamespace holds where the target names none
     * @throws IllegalValueException if it is none
     */
    static ServiceTarget parse(String target, String ownNamespace) {
        Matcher matcher = FORM.matcher(target);
        if (!matcher.matches()) {
            throw new IllegalValueException("service", LogText.of(target), EXPECTED);
        }
        String port = matcher.group("port");
        if (port != null && isNumber(port) && (port.length() > 5 || !isPort(Integer.parseInt(port)))) {
            throw new IllegalValueException("service", LogText.of(target), EXPECTED);
        }
        String namespace = matcher.group("namespace");
        return new ServiceTarget(namespace == null ? ownNamespace : namespace, matcher.group("name"), port);
    }

    /** Says whether a text can be the name of a namespace. */
    static boolean isNamespace(String text) {
        return text.matches(LABEL);
    }

    /** Returns the port's number, if that is how it is named; else null. */
    @Nullable
    Integer portNumber() {
        return port != null && isNumber(port) ? Integer.valueOf(port) : null;
    }

    /** Returns the path and query at which a page of the EndpointSlices is listed. */
    String listPath(int limit, @Nullable String continueToken) {
        return path() + "&limit=" + limit + (continueToken == null ? "" : "&continue=" + encoded(continueToken));
    }

    /** Returns the path and query at which changes are watched. */
    String watchPath(String version, long timeoutSeconds) {
        return path() + "&watch=true&allowWatchBookmarks=true&resourceVersion=" + encoded(version) + "&timeoutSeconds="
                + timeoutSeconds;
    }

    private String path() {
        return "/apis/discovery.k8s.io/v1/namespaces/" + namespace
                + "/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D" + name;
    }

    /** As it is said of the Service to a person: {@code default/greeter}. */
    @Override
    public String toString() {
        return namespace + "/" + name;
    }

    private static boolean isNumber(String port) {
        return NUMBER.matcher(port).matches();
    }

    private static boolean isPort(int number) {
        return number >= 1 && number <= 65535;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
