package io.github.grpclb.balancer.explain;

/** Why a server gets its calls, fewer or none. */
public enum Reason {
    /** It drains: it takes no new calls while another server can. */
    DRAINING,
    /** An operator has taken it out. */
    DISABLED,
    /** Its weight is 0: it takes no calls while another has more. */
    WEIGHT_ZERO,
    /** It is being connected to. */
    CONNECTING,
    /** It is not connected, and is not being connected to. */
    IDLE,
    /** It cannot be connected to. */
    FAILING,
    /** It is connected, and its health service says that it does not serve. */
    UNHEALTHY,
    /** It is left out as an outlier for a while. */
    EJECTED,
    /** It gets calls that name its value of a tag, and no others. */
    OTHER_TAG,
    /** It is in another zone than the client. */
    OTHER_ZONE,
    /** It is ejected and takes calls all the same, since too few servers are usable. */
    PANIC,
    /** It is none of those that the channel connects to. */
    NOT_IN_SUBSET,
    /** The registry no longer lists it; it vanished with many others, and takes calls while its connection holds. */
    SUSPECT,
    /** It is new, and takes less than its share. */
    SLOW_START,
    /** Its record in the registry cannot be read, or names a host that is not allowed: it is no server, or is used as it was before. */
    REFUSED,
    /** The service has more servers than are allowed, and it is none of the oldest. */
    TOO_MANY,
    /** Its host name leads to no address. */
    NO_ADDRESS,
    /** Nothing is held against it. */
    OK
}
