package io.github.grpclb.etcd.override;

import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideStore.Draft;
import java.time.Duration;

/** Overrides to test with. */
final class Overrides {

    static final String PREFIX = "/grpclb-overrides/";

    private Overrides() {}

    /** Returns the value of a record that gives a server another weight. */
    static String weight(String server, int weight) {
        return record("{\"server\":\"" + server + "\"}", "\"weight\":" + weight);
    }

    static String record(String selector, String effect) {
        return "{\"selector\":" + selector + "," + effect
                + ",\"author\":\"ops\",\"reason\":\"disk\",\"since\":\"2026-01-31T10:00:00Z\",\"until\":\"2026-01-31T10:10:00Z\"}";
    }

    static Draft draft(Override.Selector selector, Override.Effect effect, Duration duration, boolean force) {
        return new Draft("svc", null, selector, effect, duration, "ops", "disk", force);
    }

    static Draft weightOf(String server, int weight, Duration duration) {
        return draft(new Override.Selector.Server(server), new Override.Effect.Weight(weight), duration, false);
    }

    static Draft disable(Override.Selector selector) {
        return draft(selector, new Override.Effect.Disabled(), Duration.ofMinutes(1), false);
    }
}
