package io.github.grpclb.actuate;

import io.github.grpclb.balancer.ExplainedChannel;
import io.github.grpclb.balancer.Explainer;
import io.github.grpclb.balancer.connection.EndpointState;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.balancer.explain.WeightChain;
import io.github.grpclb.discovery.RegistryStatus;
import io.github.grpclb.discovery.UnusedRecords;
import io.grpc.ConnectivityState;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The section {@code explain}: of each channel, why each of its servers gets its calls, fewer or none. Thread-safe. */
public final class ExplainSection implements Section {

    /** The version of the answer's form: another one where a field is taken away, or means something else. */
    private static final int VERSION = 1;

    private final Explainer explainer;
    private final @Nullable RegistryStatus registry;

    /**
     * Creates the section.
     *
     * @param explainer knows the channels
     * @param registry where their lists come from, or null if there is none
     */
    public ExplainSection(Explainer explainer, @Nullable RegistryStatus registry) {
        this.explainer = explainer;
        this.registry = registry;
    }

    @Override
    public String name() {
        return "explain";
    }

    @Override
    public Answer read(SectionQuery query) {
        List<Channel> channels = explainer
                .explain(new Explainer.Selection(
                        query.service(), query.client(), query.search(), query.sort(), query.offset(), query.limit()))
                .stream()
                .map(Channel::of)
                .toList();
        return new Answer(VERSION, Instant.now().toString(), Registry.of(registry), channels);
    }

    /**
     * What is told.
     *
     * @param version of this form
     * @param now when it was told
     * @param registry how this process gets on with its registry; null where it has none
     * @param channels in the order of their services
     */
    public record Answer(int version, String now, @Nullable Registry registry, List<Channel> channels) {}

    /**
     * How this process gets on with its registry.
     *
     * @param reachable whether it answers
     * @param answerAgeMillis how long ago it last answered, or null while it never did
     */
    public record Registry(boolean reachable, @Nullable Long answerAgeMillis) {

        static @Nullable Registry of(@Nullable RegistryStatus status) {
            if (status == null) {
                return null;
            }
            Duration since = status.sinceLastAnswer();
            return new Registry(status.unreachableBecause() == null, since == null ? null : since.toMillis());
        }
    }

    /** See {@link ExplainedChannel}. */
    public record Channel(
            @Nullable String client,
            String service,
            @Nullable String policy,
            ConnectivityState state,
            @Nullable String reason,
            @Nullable Long listAgeMillis,
            List<String> panicking,
            Map<EndpointState, Integer> counts,
            Unused unused,
            int total,
            int found,
            List<Server> endpoints) {

        static Channel of(ExplainedChannel channel) {
            return new Channel(
                    channel.client(),
                    channel.service(),
                    channel.policy(),
                    channel.state(),
                    channel.reason(),
                    channel.listAgeMillis(),
                    channel.panicking(),
                    channel.counts(),
                    Unused.of(channel.unused()),
                    channel.total(),
                    channel.found(),
                    channel.endpoints().stream().map(Server::of).toList());
        }
    }

    /**
     * Records of a service that are no servers here; see {@link UnusedRecords}.
     *
     * @param total how many there are
     * @param records some of them
     */
    public record Unused(int total, List<Record> records) {

        static Unused of(UnusedRecords unused) {
            return new Unused(
                    unused.total(), unused.some().stream().map(Record::of).toList());
        }
    }

    /**
     * One of these.
     *
     * @param lastGood whether its server takes calls all the same, by what the record said before
     */
    public record Record(String key, Reason reason, boolean lastGood, String detail) {

        static Record of(UnusedRecords.Unused unused) {
            return new Record(unused.key(), Reason.valueOf(unused.cause().name()), unused.lastGood(), unused.detail());
        }
    }

    /**
     * A server; see {@link ExplainedChannel.Server}.
     *
     * @param startedAt when it started, in milliseconds since the epoch; null where its record does not say
     * @param metadata what else its record says
     */
    public record Server(
            String address,
            @Nullable String id,
            @Nullable String zone,
            @Nullable String version,
            EndpointState state,
            boolean takesCalls,
            String why,
            List<Said> verdicts,
            Weight weight,
            Share share,
            Calls calls,
            @Nullable Long connectedMillis,
            String key,
            long createRevision,
            @Nullable Long startedAt,
            Map<String, String> metadata) {

        static Server of(ExplainedChannel.Server server) {
            var endpoint = server.endpoint();
            return new Server(
                    endpoint.address(),
                    endpoint.id(),
                    endpoint.zone(),
                    endpoint.version(),
                    server.state(),
                    server.takesCalls(),
                    server.why(),
                    server.verdicts().stream().map(Said::of).toList(),
                    Weight.of(server.weight()),
                    Share.of(server.share()),
                    Calls.of(server.calls()),
                    server.connectedMillis(),
                    endpoint.key(),
                    endpoint.createRevision(),
                    endpoint.startedAt() == 0 ? null : endpoint.startedAt(),
                    endpoint.metadata());
        }
    }

    /** See {@link Verdict}. */
    public record Said(
            String step,
            boolean passes,
            Reason reason,
            @Nullable String detail) {

        static Said of(Verdict verdict) {
            return new Said(verdict.step(), verdict.passes(), verdict.reason(), verdict.detail());
        }
    }

    /** See {@link WeightChain}. */
    public record Weight(
            double registered,
            @Nullable Double override,
            @Nullable Double slowStart,
            @Nullable Double reported,
            double effective) {

        static Weight of(WeightChain chain) {
            return new Weight(
                    chain.registered(), chain.override(), chain.slowStart(), chain.reported(), chain.effective());
        }
    }

    /** See {@link ExplainedChannel.Share}. */
    public record Share(
            @Nullable Double expected, @Nullable Double observed, long observedCalls, long observedSeconds) {

        static Share of(ExplainedChannel.Share share) {
            return new Share(share.expected(), share.observed(), share.observedCalls(), share.observedSeconds());
        }
    }

    /** See {@link ExplainedChannel.Calls}. */
    public record Calls(
            int inFlight,
            long successes,
            long failures,
            long cancellations,
            @Nullable Double p50Millis,
            @Nullable Double p99Millis,
            Map<Status.Code, Long> failuresByCode) {

        static Calls of(ExplainedChannel.Calls calls) {
            return new Calls(
                    calls.inFlight(),
                    calls.successes(),
                    calls.failures(),
                    calls.cancellations(),
                    calls.p50Millis(),
                    calls.p99Millis(),
                    calls.failuresByCode());
        }
    }
}
