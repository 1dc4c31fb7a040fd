package io.github.grpclb.autoconfigure.properties;

import java.util.Collection;
import java.util.function.Supplier;

/** Looks for what is configured and has no effect. */
public interface ConfigurationCheck {

    /**
     * Takes note of what has been asked for by the time the application is ready.
     *
     * @return finds out, on any thread, what to warn of
     */
    Supplier<Collection<String>> ready();
}
