package io.github.grpclb.actuate;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Waits for what a registry says, and tells why it says nothing: with the status 503. */
final class RegistryAnswer {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private RegistryAnswer() {}

    static <T> Object of(CompletableFuture<T> answer, Function<T, Object> told) {
        String reason;
        try {
            return told.apply(answer.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof IllegalArgumentException refused) {
                throw refused; // what was asked for cannot be, whatever the registry does
            }
            reason = String.valueOf(cause.getMessage());
        } catch (TimeoutException e) {
            reason = "no answer within " + LIMIT.toSeconds() + " s";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            reason = "interrupted";
        }
        return Unanswered.unavailable(reason);
    }
}
