package io.github.grpclb.xds.load;

import org.jspecify.annotations.Nullable;

/**
 * Where calls went.
 *
 * @param zone of the servers; null where they have none, or it is not known
 * @param address of the server, {@code host:port}; null where it is not known, or may be one of several
 */
record Place(@Nullable String zone, @Nullable String address) {

    static final Place UNKNOWN = new Place(null, null);
}
