package io.github.grpclb.override;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Where operators put overrides. What fails ends the future: with an {@link IllegalValueException} for what cannot be, such as an override
 * that leaves a service without a server, and else with what the registry said. Thread-safe.
 */
public interface OverrideStore {

    /**
     * Puts an override, in place of one of the same name.
     *
     * @return the override as it is in the registry
     */
    CompletableFuture<Override> put(Draft draft);

    /**
     * Ends an override.
     *
     * @return whether there was one of that name
     */
    CompletableFuture<Boolean> delete(String service, String name);

    /**
     * Returns the overrides as the registry has them now.
     *
     * @param service of this service; null for all
     */
    CompletableFuture<List<Override>> list(@Nullable String service);

    /**
     * An override that is to be. Immutable; checked when it is put.
     *
     * @param service the service's name
     * @param name tells it from the service's other overrides; null for one that says whom it is about
     * @param selector whom it is about
     * @param effect what is to be otherwise
     * @param duration for how long, a second to {@link Override#LONGEST}
     * @param author who wants it so
     * @param reason why
     * @param force whether it may leave the service without a server that takes calls
     */
    record Draft(
            String service,
            @Nullable String name,
            Override.Selector selector,
            Override.Effect effect,
            Duration duration,
            String author,
            String reason,
            boolean force) {}
}
