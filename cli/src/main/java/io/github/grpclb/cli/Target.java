package io.github.grpclb.cli;

import io.github.grpclb.override.Override.Selector;

/**
 * Whom a command is about, as it is written: {@code greeter}, {@code greeter/s1}, {@code greeter/zone=z1}, {@code greeter/version=v2}.
 *
 * @param service the service's name
 * @param selector which of its servers
 */
record Target(String service, Selector selector) {

    private static final String ZONE = "zone=";
    private static final String VERSION = "version=";

    static Target parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return new Target(text, new Selector.All());
        }
        String service = text.substring(0, slash);
        String which = text.substring(slash + 1);
        if (service.isBlank() || which.isBlank()) {
            throw new UsageException(
                    text
                            + " (expected: SERVICE, SERVICE/ID, SERVICE/HOST:PORT, SERVICE/zone=ZONE or SERVICE/version=VERSION)");
        }
        if (which.startsWith(ZONE)) {
            return new Target(service, new Selector.Zone(which.substring(ZONE.length())));
        }
        if (which.startsWith(VERSION)) {
            return new Target(service, new Selector.Version(which.substring(VERSION.length())));
        }
        return new Target(service, new Selector.Server(which));
    }

    /** Returns how a selector is written behind the service's name; empty for all. */
    static String written(Selector selector) {
        if (selector instanceof Selector.Server server) {
            return server.idOrAddress();
        }
        if (selector instanceof Selector.Zone zone) {
            return ZONE + zone.zone();
        }
        if (selector instanceof Selector.Version version) {
            return VERSION + version.version();
        }
        return "";
    }
}
