package io.github.grpclb.autoconfigure;

import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideObserver;
import io.github.grpclb.timeline.Timeline;
import org.jspecify.annotations.Nullable;

/** Tells the timeline of overrides that begin to act and end. */
record TimelineOfOverrides(Timeline timeline) implements OverrideObserver {

    @java.lang.Override
    public void begun(Override override) {
        tell(Timeline.Kind.OVERRIDE_SET, override, override.describe());
    }

    @java.lang.Override
    public void ended(Override override, boolean byItself) {
        tell(
                Timeline.Kind.OVERRIDE_ENDED,
                override,
                (byItself ? "its time is over: " : "taken back: ") + override.describe());
    }

    private void tell(Timeline.Kind kind, Override override, String cause) {
        timeline.add(kind, override.service(), null, server(override), cause);
    }

    private static @Nullable String server(Override override) {
        return override.selector() instanceof Override.Selector.Server server ? server.idOrAddress() : null;
    }
}
