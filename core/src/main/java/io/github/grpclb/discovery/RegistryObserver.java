package io.github.grpclb.discovery;

import java.time.Duration;

/**
 * Hears of what registrations and watches go through, for metrics. Called on the registry's own thread: count and return. What it throws
 * is logged and ignored.
 */
public interface RegistryObserver {

    /** Hears nothing. */
    RegistryObserver NONE = new RegistryObserver() {};

    /** Why a registration had to be put back. */
    enum Loss {
        /** The registry no longer had the lease: not renewed in time, revoked, or the registry lost its data. */
        LEASE_GONE,
        /** The lease could not be renewed within its time; it may or may not have ended. */
        LEASE_OVERDUE,
        /** Somebody deleted the key. */
        KEY_DELETED,
        /** Somebody overwrote the value, or took it off its lease. */
        VALUE_OVERWRITTEN,
        /** Another process put its own record there. */
        TAKEN_OVER
    }

    /** Why a list was read again. */
    enum Restart {
        /** The registry or the connection ended the watch. */
        ENDED,
        /** The list could not be read. */
        LIST_FAILED,
        /** The revision to go on from had been compacted away. */
        COMPACTED,
        /** The watch gave no sign of life. */
        SILENT,
        /** The registry's revision was smaller than one seen before: it lost data. */
        REVISION_WENT_BACK,
        /** As a matter of routine. */
        PERIODIC
    }

    /** An endpoint was announced, for the first time or again. */
    default void registered(Endpoint endpoint) {}

    /** What was written of an endpoint was read back, so that every reader finds it, so long after it was written. */
    default void seen(Endpoint endpoint, Duration lag) {}

    /** An endpoint was announced and is not, or may not be, any more; it is being put back. */
    default void lost(Endpoint endpoint, Loss reason) {}

    /** Another live process holds the key under which an endpoint is to be announced; told once for each holder. */
    default void conflict(Endpoint endpoint, String why) {}

    /** The list of a service is read again. */
    default void watchRestarted(String service, Restart reason) {}

    /** A record of a service could not be read, or names a host that is not allowed. */
    default void recordSkipped(String service) {}

    /** More than half of a service's addresses, of three at least, were replaced by others in one update. */
    default void massChange(String service) {}
}
