package io.github.grpclb.discovery.snapshot;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.SavedList;
import java.io.IOException;
import java.util.List;

/**
 * A service's list as a file. Immutable.
 *
 * @param <R> what a list is as the registry holds it
 */
@Internal
public interface SnapshotFormat<R> {

    /** Returns which registry the lists are of: those of two are kept apart. */
    String registry();

    /**
     * Returns the file's text; a record that no reader would take is left out.
     *
     * @param asOf when the registry last confirmed the list, milliseconds since the epoch
     */
    byte[] encode(String service, long asOf, List<Endpoint> endpoints);

    /**
     * Reads a file's text.
     *
     * @param origin where it was found
     * @throws IOException if it is not a list of this service in this registry; the message is fit for a log line
     */
    SavedList<R> decode(String service, byte[] text, String origin) throws IOException;
}
