package io.github.grpclb.cli;

import io.github.grpclb.discovery.LogText;
import io.github.grpclb.etcd.record.KeySpace;
import org.jspecify.annotations.Nullable;

/**
 * What each command needs in etcd, and which of the roles that {@code bin/etcd-roles} makes gives it.
 *
 * @param user who asks; null where etcd takes the name from the certificate, or wants none
 * @param endpoints where servers are
 * @param overrides where overrides are
 * @param consumers where consumers are
 */
record Rights(@Nullable String user, KeySpace endpoints, KeySpace overrides, KeySpace consumers) {

    /**
     * What is done, and what it takes.
     *
     * @param doing such as "read overrides"
     * @param below the prefix of the keys
     * @param role which role has it
     * @param script how the role is made
     */
    record Right(String doing, String below, String role, String script) {}

    private static final String VIEWER = "grpclb-viewer";

    Right readServices() {
        return new Right("read all servers", endpoints.prefix(), VIEWER, "--viewer SERVICE");
    }

    Right readServers(String service) {
        return new Right("read servers", endpoints.servicePrefix(service), service + "-client", service);
    }

    Right readAllOverrides() {
        return new Right("read all overrides", overrides.prefix(), VIEWER, "--viewer SERVICE");
    }

    Right readOverrides(String service) {
        return new Right("read overrides", overrides.servicePrefix(service), service + "-client", service);
    }

    Right changeOverrides(String service) {
        return new Right("change overrides", overrides.servicePrefix(service), service + "-operator", service);
    }

    Right readConsumers(String service) {
        return new Right(
                "read consumers", consumers.servicePrefix(service), service + "-operator", "--consumers " + service);
    }

    /** Returns what is told where etcd denies something. */
    String denied(Right right, String said) {
        return who() + " may not " + right.doing() + " below '" + LogText.of(right.below()) + "': it lacks the role "
                + LogText.of(right.role()) + " (bin/etcd-roles " + LogText.of(right.script())
                + " makes it; etcdctl user grant-role " + (user == null ? "USER" : LogText.of(user)) + " "
                + LogText.of(right.role()) + " gives it); " + LogText.of(said);
    }

    /** Returns what is told where etcd accepts no credentials, or lacks some. */
    String unknown(String said) {
        return user == null
                ? "etcd wants a user (expected: --user=NAME, and the password in ETCDCTL_PASSWORD); " + said
                : who() + " is not let in with the password in the environment; " + said;
    }

    private String who() {
        return user == null ? "This user of etcd" : "etcd's user '" + LogText.of(user) + "'";
    }
}
