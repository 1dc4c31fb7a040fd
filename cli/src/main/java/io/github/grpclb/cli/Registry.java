package io.github.grpclb.cli;

import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.override.OverrideStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What the commands ask.
 *
 * @param catalog which services there are
 * @param source endpoints as they are registered, with operators' overrides over them
 * @param overrides what operators override
 * @param patience how long an answer may take
 */
record Registry(ServiceCatalog catalog, EndpointSource source, OverrideStore overrides, Duration patience) {

    /**
     * Waits for an answer.
     *
     * @throws RefusedException if there is none in time, or it is a refusal
     */
    <T> T answer(CompletableFuture<T> answer) {
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new RefusedException(LogText.of(String.valueOf(cause.getMessage())));
        } catch (TimeoutException e) {
            throw new RefusedException("no answer within " + patience.toSeconds() + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException("interrupted");
        }
    }

    /** Returns a service's endpoints as they are now. */
    EndpointSnapshot endpoints(String service) {
        CompletableFuture<EndpointSnapshot> first = new CompletableFuture<>();
        EndpointListener listener = new EndpointListener() {
            @Override
            public void onEndpoints(EndpointSnapshot snapshot) {
                first.complete(snapshot);
            }

            @Override
            public void onUnavailable(String reason) {
                first.completeExceptionally(new RefusedException(reason));
            }
        };
        try (EndpointSource.Subscription subscription = source.subscribe(service, listener)) {
            return answer(first);
        } catch (IllegalArgumentException e) {
            throw new RefusedException(String.valueOf(e.getMessage()));
        }
    }
}
