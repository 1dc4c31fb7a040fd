package io.github.grpclb.etcd.follow;

import io.github.grpclb.discovery.snapshot.SnapshotOptions;
import io.github.grpclb.etcd.record.RecordRules;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How services are followed. Immutable.
 *
 * @param linger how long a service is followed after its last subscriber left
 * @param rules how far records are trusted
 * @param snapshots where to keep what a service starts with while etcd is away; null: nowhere
 */
public record EndpointSourceOptions(
        Duration linger, RecordRules rules, @Nullable SnapshotOptions snapshots) {

    /** An hour, {@link RecordRules#DEFAULT}, and no snapshots. */
    public static final EndpointSourceOptions DEFAULT =
            new EndpointSourceOptions(Duration.ofHours(1), RecordRules.DEFAULT, null);

    /** Returns these with another time. */
    public EndpointSourceOptions withLinger(Duration linger) {
        return new EndpointSourceOptions(linger, rules, snapshots);
    }

    /** Returns these with other rules. */
    public EndpointSourceOptions withRules(RecordRules rules) {
        return new EndpointSourceOptions(linger, rules, snapshots);
    }

    /** Returns these with snapshots. */
    public EndpointSourceOptions withSnapshots(@Nullable SnapshotOptions snapshots) {
        return new EndpointSourceOptions(linger, rules, snapshots);
    }
}
