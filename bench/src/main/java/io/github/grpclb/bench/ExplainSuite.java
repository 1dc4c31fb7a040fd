package io.github.grpclb.bench;

import com.sun.management.ThreadMXBean;
import io.github.grpclb.actuate.ExplainSection;
import io.github.grpclb.actuate.SectionQuery;
import io.github.grpclb.balancer.BalancerArgs;
import io.github.grpclb.balancer.Explainer;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.load.LoadObservation;
import io.github.grpclb.metrics.CallMetrics;
import io.github.grpclb.metrics.EndpointMetrics;
import io.github.grpclb.resolver.EndpointAttributes;
import io.github.grpclb.testing.FakeHelper;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What it costs to look: an explanation of all channels of a large process, a page of one, and a scrape of all meters. */
final class ExplainSuite implements Suite {

    private static final int CHANNELS = 50;
    private static final String SERVICE = "bench";
    private static final int EXPLAIN_MILLIS = 1_000;
    private static final int EXPLAIN_MIB = 50;
    private static final int SCRAPE_MILLIS = 100;

    /**
     * What one answer took.
     *
     * @param allocated MiB, of which it cannot hold more at any time
     */
    private record Cost(double millis, double allocated) {}

    @Override
    public List<Table> run(Scale scale) {
        int servers = scale.equals(Scale.QUICK) ? 1_000 : 10_000;
        LiveEndpoints live = new LiveEndpoints();
        EndpointLoads loads = new EndpointLoads(Duration.ofMinutes(5), System::nanoTime);
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        CallMetrics calls = new CallMetrics(meters);
        List<EquivalentAddressGroup> fleet = Fleet.weighted(servers);
        List<ReadyChannel> channels = new ArrayList<>(); // a channel that is not held is over
        Suite.progress("explain, " + CHANNELS + " channels of " + servers + " servers");
        for (int i = 0; i < CHANNELS; i++) {
            ReadyChannel channel = new ReadyChannel(
                    new PolicyLoadBalancerProvider(),
                    Map.of("policy", "weighted_random"),
                    new FakeHelper(NameResolver.Args.newBuilder()
                            .setArg(BalancerArgs.LIVE_ENDPOINTS, live)
                            .setArg(BalancerArgs.LOADS, loads)
                            .setArg(BalancerArgs.OBSERVER, calls)
                            .setArg(BalancerArgs.CLIENT, "client" + i)));
            channel.accept(fleet);
            channel.clock().forward(Duration.ofSeconds(1));
            channels.add(channel);
        }
        for (EquivalentAddressGroup each : fleet) {
            Endpoint endpoint = each.getAttributes().get(EndpointAttributes.ENDPOINT);
            calls.callStarted(endpoint, "weighted_random");
            calls.callFinished(endpoint, "weighted_random", Status.Code.OK, CallOutcome.SUCCESS, 1_000_000);
        }
        ExplainSection section = new ExplainSection(new Explainer(live, new LoadObservation(loads)), null);
        Table table = new Table(
                "Looking at " + CHANNELS + " channels of " + Numbers.of(servers) + " servers each",
                "",
                "ms, median",
                "MiB allocated",
                "goal");
        Cost all = cost(scale, () -> section.read(query(null, 100, null)));
        add(
                table,
                "explain, the first hundred servers of each",
                all,
                Goal.verdict("≤ 1000 ms", all.millis, EXPLAIN_MILLIS, "") + ", "
                        + Goal.verdict("≤ 50 MiB", all.allocated, EXPLAIN_MIB, ""));
        add(table, "explain, one server of each", cost(scale, () -> section.read(query(null, 1, null))), "");
        add(
                table,
                "explain, a hundred of one channel by their p99",
                cost(scale, () -> section.read(query("client7", 100, "-p99"))),
                "");
        Cost scrape = cost(scale, meters::scrape);
        add(table, "scrape", scrape, Goal.verdict("≤ 100 ms", scrape.millis, SCRAPE_MILLIS, ""));
        PrometheusMeterRegistry more = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new CallMetrics(more, new EndpointMetrics(more, live))
                .endpointsChanged(SERVICE, EndpointCounts.NONE, EndpointCounts.NONE);
        add(
                table,
                "scrape of " + Numbers.of(more.getMeters().size()) + " meters, those of each endpoint",
                cost(scale, more::scrape),
                "");
        return List.of(table);
    }

    private static SectionQuery query(@Nullable String client, int limit, @Nullable String sort) {
        return new SectionQuery(null, client, null, sort, 0, limit, 0, null, null);
    }

    private static void add(Table table, String what, Cost cost, String verdict) {
        table.add(what, Numbers.of(cost.millis), Numbers.of(cost.allocated), verdict);
    }

    private static Cost cost(Scale scale, Supplier<Object> answer) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        double[] millis = new double[4 * scale.rounds() + 1];
        List<Object> answers = new ArrayList<>();
        double allocated = 0;
        for (int i = 0; i < millis.length; i++) {
            long bytes = threads.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            answers.add(answer.get());
            millis[i] = (System.nanoTime() - start) / 1e6;
            allocated = (threads.getCurrentThreadAllocatedBytes() - bytes) / 1024.0 / 1024;
            answers.clear(); // held until here
        }
        Arrays.sort(millis);
        return new Cost(millis[millis.length / 2], allocated);
    }
}
