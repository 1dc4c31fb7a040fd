package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.util.Collection;
import java.util.function.Supplier;

/** Looks for what is configured and has no effect. */
@Internal
public interface ConfigurationCheck {

    /**
     * Takes note of what has been asked for by the time the application is ready.
     *
     * @return finds out, on any thread, what to warn of
     */
    Supplier<Collection<String>> ready();
}
