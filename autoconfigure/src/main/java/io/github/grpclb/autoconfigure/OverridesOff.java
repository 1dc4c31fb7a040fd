package io.github.grpclb.autoconfigure;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Where overrides would be in a place that is not apart from the servers'.
 *
 * @param why what is wrong with that place
 */
record OverridesOff(IllegalValueException why) implements OverrideStore {

    @java.lang.Override
    public CompletableFuture<Override> put(Draft draft) {
        return CompletableFuture.failedFuture(why);
    }

    @java.lang.Override
    public CompletableFuture<Boolean> delete(String service, String name) {
        return CompletableFuture.failedFuture(why);
    }

    @java.lang.Override
    public CompletableFuture<List<Override>> list(@Nullable String service) {
        return CompletableFuture.failedFuture(why);
    }
}
