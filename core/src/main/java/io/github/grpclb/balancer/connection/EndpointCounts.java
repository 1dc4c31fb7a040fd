package io.github.grpclb.balancer.connection;

/**
 * How many endpoints of a channel are in which state; each counts once.
 *
 * @param ready connected, and taking calls
 * @param ejected connected, and taken out as an outlier for a while
 * @param connecting being connected to
 * @param idle not connected, and not being connected to
 * @param failing the last attempt to connect failed
 * @param draining about to leave, whatever the connection
 * @param suspect connected, and taking calls, while the registry no longer lists them
 * @param disabled taken out by an operator, whatever the connection
 */
public record EndpointCounts(
        int ready, int ejected, int connecting, int idle, int failing, int draining, int suspect, int disabled) {

    /** Those of a channel that knows no endpoint. */
    public static final EndpointCounts NONE = new EndpointCounts(0, 0, 0, 0, 0, 0, 0, 0);
}
