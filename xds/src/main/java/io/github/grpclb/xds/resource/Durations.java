package io.github.grpclb.xds.resource;

import com.google.protobuf.Duration;
import io.github.grpclb.discovery.Internal;

/** Writes durations as messages have them. */
@Internal
public final class Durations {

    private Durations() {}

    public static Duration of(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }
}
