package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.follow.RegistryLoop;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** The one thread that all services of a source are followed on. */
final class KubernetesLoop extends RegistryLoop {

    KubernetesLoop(ScheduledExecutorService executor, LongSupplier ticker, RandomGenerator random) {
        super(executor, ticker, random);
    }

    /** Does a step; returns whether it was done to the end. What it throws is logged, so that the step can be tried again. */
    boolean succeeds(Runnable step) {
        try {
            step.run();
            return true;
        } catch (RuntimeException | Error e) {
            logOnce(KubernetesLoop.class, "A step of a loop for Kubernetes failed, and is tried again (said once)", e);
            return false;
        }
    }
}
