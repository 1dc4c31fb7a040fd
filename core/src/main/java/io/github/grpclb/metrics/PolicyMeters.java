package io.github.grpclb.metrics;

import io.github.grpclb.balancer.connection.PickObserver;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;

/**
 * The meters of one policy of one service. Thread-safe.
 *
 * @param started counts calls that were sent
 * @param finished times calls by the status that they ended with
 * @param failed counts picks that found no server
 * @param delayed counts picks that let their call wait
 */
record PolicyMeters(
        Counter started,
        MetersBy<Status.Code, Timer> finished,
        MetersBy<PickObserver.Failure, Counter> failed,
        MetersBy<PickObserver.Delay, Counter> delayed) {

    static PolicyMeters of(MeterRegistry registry, String service, String policy) {
        Tags tags = Tags.of(GrpcLbMeters.SERVICE, service, GrpcLbMeters.POLICY, policy);
        return new PolicyMeters(
                Counter.builder(GrpcLbMeters.CALLS_STARTED)
                        .description("Calls sent to a server")
                        .tags(tags)
                        .register(registry),
                new MetersBy<>(Status.Code.class, status -> Timer.builder(GrpcLbMeters.CALLS_FINISHED)
                        .description("Calls that ended")
                        .tags(tags)
                        .tag(GrpcLbMeters.STATUS, status.name())
                        .register(registry)),
                new MetersBy<>(PickObserver.Failure.class, failure -> Counter.builder(GrpcLbMeters.PICKS_FAILED)
                        .description("Picks that found no server")
                        .tags(tags)
                        .tag(GrpcLbMeters.REASON, failure.name().toLowerCase(Locale.ROOT))
                        .register(registry)),
                new MetersBy<>(PickObserver.Delay.class, delay -> Counter.builder(GrpcLbMeters.PICKS_DELAYED)
                        .description("Picks that let their call wait")
                        .tags(tags)
                        .tag(GrpcLbMeters.REASON, delay.name().toLowerCase(Locale.ROOT))
                        .register(registry)));
    }
}
