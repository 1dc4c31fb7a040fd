package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that all loops of a connection run on. What a step throws is a failure of it ({@link #when}), so that the loop tries
 * again. Not final: a test breaks it.
 */
@Internal
public class EtcdLoop extends RegistryLoop {

    public EtcdLoop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
        super(executor, ticker, random);
    }

    /**
     * Makes a call of {@link EtcdApi}, and goes on with its outcome, which arrives on this thread. What making the call or {@code
     * succeeded} throws is a failure like any other, of the kind {@link EtcdException.Kind#INTERNAL}: so each loop ends a step either
     * as it should be or in {@code failed}, which lets it try again.
     */
    public <T extends @Nullable Object> void when(
            Supplier<CompletableFuture<T>> call, Consumer<? super T> succeeded, Consumer<EtcdException> failed) {
        CompletableFuture<T> outcome;
        try {
            outcome = call.get();
        } catch (RuntimeException | Error e) {
            guard(() -> failed.accept(caught(e)));
            return;
        }
        var unused = outcome.whenComplete((result, failure) -> {
            Throwable cause = failure;
            if (cause == null) {
                try {
                    succeeded.accept(result);
                    return;
                } catch (RuntimeException | Error e) {
                    cause = e;
                }
            }
            Throwable why = cause;
            guard(() -> failed.accept(caught(why)));
        });
    }

    /** Returns what was thrown as the failure of a call; what no call of etcd fails with is logged. */
    public EtcdException caught(Throwable thrown) {
        EtcdException failure = EtcdException.of(thrown);
        if (failure.kind() == EtcdException.Kind.INTERNAL) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            logOnce(EtcdLoop.class, "A step of a loop for etcd failed, and is tried again (said once)", cause);
        }
        return failure;
    }
}
