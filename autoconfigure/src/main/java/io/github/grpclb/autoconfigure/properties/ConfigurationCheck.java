package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.util.Collection;

/** Looks for what is configured and has no effect. */
@Internal
public interface ConfigurationCheck {

    /** Returns what to warn of; called once the application is ready, on any thread. */
    Collection<String> warnings();
}
