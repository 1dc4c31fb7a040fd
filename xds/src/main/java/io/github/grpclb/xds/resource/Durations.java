package io.github.grpclb.xds.resource;

import com.google.protobuf.Duration;

/** Writes durations as messages have them. */
final class Durations {

    private Durations() {}

    static Duration of(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }
}
