package io.github.grpclb.discovery;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a registry itself holds of a service, to be compared with what a process makes of it. Each question is answered by the registry, and
 * costs it a read of all of the service's records: it is for people, and for who asks seldom. Thread-safe.
 */
public interface RecordCatalog {

    /** How many records of a service are looked at. */
    int MOST_RECORDS = 100_000;

    /** For how many records it is told how long they stay, where each costs a question of its own. */
    int MOST_LEASES = 100;

    /**
     * Asks.
     *
     * @param service the service's name
     * @param search only records whose key or value contains this, whatever the case; null for all
     * @param offset how many of these to leave out first, from 0
     * @param limit how many to tell of, from 1
     * @return completes within seconds with what is there now; exceptionally where the registry does not answer, or does not allow it, with
     *     a message that says why
     * @throws IllegalArgumentException if the name cannot be a service's name in this registry
     */
    CompletableFuture<Records> records(String service, @Nullable String search, int offset, int limit);

    /**
     * Records of a service.
     *
     * @param revision the registry's revision at which they were read; 0 when it has none
     * @param complete whether all were looked at: there may be more than {@value #MOST_RECORDS}
     * @param total how many the service has, of those looked at
     * @param found how many of them match, of which {@code records} may be a part
     * @param records in the order of their keys
     */
    record Records(long revision, boolean complete, int total, int found, List<Entry> records) {

        public Records {
            records = List.copyOf(records);
        }
    }

    /**
     * A record.
     *
     * @param key its key
     * @param form whose form of a record it has, such as {@code go} or {@code kratos}; null where it cannot be read
     * @param endpoint what it says; null where it cannot be read
     * @param refusal why it cannot be read, and so is no server to anybody; null where it can
     * @param leftOut what it says that cannot be read, and is left out, each with the reason
     * @param createRevision the registry's revision in which its key was created
     * @param modRevision the registry's revision in which it was last changed
     * @param granted how long it stays when its server does not renew it; null where it stays until it is deleted, or where that is not known
     * @param remaining how long it stays from now on unless its server renews it; null where {@code granted} is
     * @param permanent whether it stays until it is deleted, whether its server is alive or not
     */
    record Entry(
            String key,
            @Nullable String form,
            @Nullable Endpoint endpoint,
            @Nullable String refusal,
            List<String> leftOut,
            long createRevision,
            long modRevision,
            @Nullable Duration granted,
            @Nullable Duration remaining,
            boolean permanent) {

        public Entry {
            leftOut = List.copyOf(leftOut);
        }
    }
}
