package io.github.grpclb.metrics;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Counts and times calls, failed and delayed picks, and the endpoints in each state. A call costs two look-ups by name at its start and at
 * its end; tags are built when a meter is first needed. Thread-safe.
 */
public final class CallMetrics implements PickObserver {

    private final MeterRegistry registry;
    private final Consumer<String> onEndpointsChanged;
    private final Map<String, ServiceMeters> services = new ConcurrentHashMap<>();

    /** Creates it without meters per endpoint. */
    public CallMetrics(MeterRegistry registry) {
        this(registry, service -> {});
    }

    /** Creates it with meters per endpoint. */
    public CallMetrics(MeterRegistry registry, EndpointMetrics endpoints) {
        this(registry, endpoints::update);
    }

    private CallMetrics(MeterRegistry registry, Consumer<String> onEndpointsChanged) {
        this.registry = registry;
        this.onEndpointsChanged = onEndpointsChanged;
    }

    @Override
    public void callStarted(Endpoint endpoint, String policy) {
        ServiceMeters service = service(endpoint.service());
        service.inFlight().increment();
        service.policy(policy).started().increment();
    }

    @Override
    public void callFinished(Endpoint endpoint, String policy, Status.Code status, CallOutcome outcome, long nanos) {
        ServiceMeters service = service(endpoint.service());
        service.inFlight().decrement();
        service.policy(policy).finished().get(status).record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void pickFailed(String service, String policy, Failure failure) {
        service(service).policy(policy).failed().get(failure).increment();
    }

    @Override
    public void pickDelayed(String service, String policy, Delay delay) {
        service(service).policy(policy).delayed().get(delay).increment();
    }

    @Override
    public void firstList(String service, long nanos) {
        registry.timer(GrpcLbMeters.FIRST_LIST, GrpcLbMeters.SERVICE, service).record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
        service(service).endpoints().add(before, now);
        onEndpointsChanged.accept(service);
    }

    @Override
    public void endpointsSuspected(String service, int endpoints) {
        registry.counter(GrpcLbMeters.ENDPOINTS_SUSPECTED, GrpcLbMeters.SERVICE, service)
                .increment(endpoints);
    }

    @Override
    public void endpointEjected(String service) {
        service(service).ejections().increment();
    }

    @Override
    public void panicChanged(String service, int before, int now) {
        service(service).panicking().addAndGet(now - before);
    }

    private ServiceMeters service(String name) {
        ServiceMeters known = services.get(name);
        return known != null ? known : services.computeIfAbsent(name, missing -> new ServiceMeters(registry, missing));
    }
}
