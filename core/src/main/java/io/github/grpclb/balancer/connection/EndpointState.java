package io.github.grpclb.balancer.connection;

/** What an endpoint can do for a channel. */
public enum EndpointState {
    /** Connected, and taking calls. */
    READY,
    /** Connected, and taking calls; the registry no longer lists it. */
    SUSPECT,
    /** Connected, and taken out as an outlier for a while. */
    EJECTED,
    /** Being connected to. */
    CONNECTING,
    /** Not connected, and not being connected to. */
    IDLE,
    /** The last attempt to connect failed. */
    FAILING,
    /** About to leave, whatever the connection. */
    DRAINING,
    /** Taken out by an operator, whatever the connection. */
    DISABLED
}
