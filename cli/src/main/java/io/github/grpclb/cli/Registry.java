package io.github.grpclb.cli;

import io.github.grpclb.discovery.ConsumerDirectory;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.LogText;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.discovery.ServiceCatalog;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.override.OverrideStore;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What the commands ask.
 *
 * @param status what etcd refuses
 * @param catalog which services there are
 * @param source endpoints as they are registered, with operators' overrides over them
 * @param overrides what operators override
 * @param consumers who calls which service
 * @param rights what each question needs
 * @param patience how long an answer may take
 */
record Registry(
        RegistryStatus status,
        ServiceCatalog catalog,
        EndpointSource source,
        OverrideStore overrides,
        ConsumerDirectory consumers,
        Rights rights,
        Duration patience) {

    /**
     * Waits for an answer.
     *
     * @param right what it takes, for who lacks it
     * @throws RefusedException if there is none in time, or it is a refusal
     */
    <T> T answer(CompletableFuture<T> answer, Rights.Right right) {
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String said = LogText.of(String.valueOf(cause.getMessage()));
            boolean denied = cause instanceof EtcdException failure && failure.kind() == EtcdException.Kind.PERMISSION;
            throw denied ? new DeniedException(rights.denied(right, said)) : new RefusedException(said);
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
                first.completeExceptionally(
                        status.refusedBecause() == null
                                ? new RefusedException(reason)
                                : new EtcdException(EtcdException.Kind.PERMISSION, reason));
            }
        };
        try (EndpointSource.Subscription subscription = source.subscribe(service, listener)) {
            return answer(first, rights.readServers(service));
        } catch (IllegalArgumentException e) {
            throw new RefusedException(String.valueOf(e.getMessage()));
        }
    }
}
