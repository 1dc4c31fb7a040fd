package io.github.grpclb.balancer;

import static io.github.grpclb.balancer.DryRunScene.calls;
import static io.github.grpclb.balancer.DryRunScene.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.balancer.connection.EndpointCounts;
import io.github.grpclb.balancer.connection.PickObserver;
import io.github.grpclb.balancer.dryrun.DryCall;
import io.github.grpclb.balancer.dryrun.DryRun;
import io.github.grpclb.balancer.dryrun.Prediction;
import io.github.grpclb.balancer.dryrun.WhatIf;
import io.github.grpclb.balancer.pick.ChannelCopy;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.load.EndpointLoad;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeSubchannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A dry run leaves no trace, says why where it can say nothing, and refuses what cannot be. */
@ExtendWith(CapturedLog.Extension.class)
class DryRunTest {

    private static final Map<String, ?> EVERYTHING = Map.of(
            "tags",
            List.of(Map.of("key", "version", "header", "x-version", "split", Map.of("v2", 20))),
            "zone",
            Map.of("own", "z1"),
            "subsetSize",
            2,
            "slowStart",
            Map.of("window", "60s"),
            "outlierDetection",
            Map.of("interval", "1s", "failurePercentageEjection", Map.of("minimumHosts", 1, "requestVolume", 1)));

    private final DryRunScene scene = new DryRunScene();

    static Set<String> policies() {
        return Policies.with(List.of()).names();
    }

    private static Map<String, ?> everything(String policy) {
        Map<String, Object> config = new HashMap<>(EVERYTHING);
        config.put("policy", policy);
        return config;
    }

    private static Endpoint.Builder[] mixed() {
        Endpoint.Builder[] servers = BalancerScene.servers(1, 12);
        for (int i = 0; i < servers.length; i++) {
            servers[i]
                    .version(i % 3 == 0 ? "v2" : "v1")
                    .zone(i % 2 == 0 ? "z1" : "z2")
                    .weight(i % 4);
        }
        return servers;
    }

    @ParameterizedTest
    @MethodSource("policies")
    void leavesNoTrace(String policy, CapturedLog log) {
        List<String> heard = new ArrayList<>();
        DryRunScene observed = new DryRunScene(List.of(), List.of(), new Listens(heard));
        BalancerScene balancer = observed.balancer();
        balancer.acceptReady(everything(policy), mixed());
        observed.play(300, 100, port -> Duration.ofMillis(50));
        balancer.callsFail(observed.play(1, 100, port -> Duration.ofMillis(50))
                .keySet()
                .iterator()
                .next());
        balancer.forward(1);
        heard.clear();
        String before = traces(observed);
        String logged = log.toString();
        for (String call : List.of("", "serverId=s7", "tag.version=v2", "hashKey=k", "tag.version=v9")) {
            Prediction prediction = observed.predict(call, "weight.s1=0,disable.s2=,zoneGone=z2,policy=peak_ewma");
            assertThat(prediction.before()).hasSize(12);
            assertThat(prediction.after()).hasSize(12);
        }
        assertThat(log.toString()).isEqualTo(logged);
        assertThat(traces(observed)).isEqualTo(before);
        assertThat(heard).isEmpty();
    }

    /** Everything that a call or a connection could have left behind. */
    private static String traces(DryRunScene scene) {
        BalancerScene balancer = scene.balancer();
        List<Object> traces = new ArrayList<>();
        traces.add(balancer.helper().published());
        traces.add(balancer.helper().clock().pending());
        traces.add(balancer.helper().clock().nanoTime());
        traces.add(balancer.state().ejected());
        traces.add(balancer.state().panicking());
        traces.add(scene.live().changes());
        for (FakeSubchannel connection : balancer.helper().subchannels()) {
            traces.add(List.of(connection.connectionRequests(), connection.shutdowns(), connection.addressUpdates()));
        }
        balancer.loads().all().stream()
                .sorted((one, other) ->
                        one.identity().name().compareTo(other.identity().name()))
                .forEach(load ->
                        traces.add(describe(load, balancer.helper().clock().nanoTime())));
        return traces.toString();
    }

    private static List<Object> describe(EndpointLoad load, long now) {
        return List.of(
                load.identity(),
                load.inFlight(),
                load.waiting(),
                load.successes(),
                load.failures(),
                load.cancellations(),
                load.latestNanos(),
                load.nanosSinceReady(now),
                load.meanWaitNanos(now),
                load.latency(EndpointLoad.DEFAULT_DECAY).latest());
    }

    /** The twin has the same policies with the same chance, and no dry run. */
    @ParameterizedTest
    @MethodSource("policies")
    void picksNextWhatItWouldHavePicked(String policy) {
        DryRunScene twin = new DryRunScene();
        for (DryRunScene each : List.of(scene, twin)) {
            each.balancer().acceptReady(Map.of("policy", policy), mixed());
            each.balancer().picks(7);
        }
        scene.predict("", "weight.s4=9,policy=" + policy);
        scene.predict("", "policy=weighted_round_robin");
        assertThat(scene.balancer().picks(100)).isEqualTo(twin.balancer().picks(100));
        for (DryRunScene each : List.of(scene, twin)) {
            each.balancer().accept(Map.of("policy", policy), BalancerScene.servers(3, 12));
        }
        assertThat(scene.balancer().picks(100)).isEqualTo(twin.balancer().picks(100));
    }

    @Test
    void wakesNobody() {
        scene.balancer().acceptReady(Map.of("subsetSize", 2), BalancerScene.servers(1, 10));
        int connections = scene.balancer().helper().subchannels().size();
        Prediction prediction = scene.predict("serverId=" + asleep(), "");
        scene.balancer().forward(1);
        assertThat(scene.balancer().helper().subchannels()).hasSize(connections);
        assertThat(prediction.waiting().before()).isEqualTo(1);
        assertThat(prediction.steps().get(0)).endsWith("(IDLE)");
        assertThat(calls(prediction.before())).containsValue(Prediction.PICKS);
    }

    private String asleep() {
        Set<Integer> connected = scene.balancer().ports(100);
        for (int port = 1; ; port++) {
            if (!connected.contains(port)) {
                return "s" + port;
            }
        }
    }

    @Test
    void saysWhatFailsAndWhy() {
        scene.balancer()
                .acceptReady(
                        Map.of("tags", List.of(Map.of("key", "version", "header", "x-version"))),
                        server(1).version("v1").zone("z1"),
                        server(2).version("v2").zone("z2"));
        Prediction missing = scene.predict("header.x-version=v3", "");
        assertThat(missing.failed()).isEqualTo(new Prediction.Part(1.0, null));
        assertThat(missing.reason()).isEqualTo("tags: no endpoint with version 'v3' (2 ready of 2 known)");
        assertThat(missing.steps()).startsWith("tags: version=v3: 0 of 2 servers");
        Prediction gone = scene.predict("header.x-version=v2", "zoneGone=z2");
        assertThat(gone.failed()).isEqualTo(new Prediction.Part(0.0, 1.0));
        assertThat(gone.reason()).isEqualTo("tags: no endpoint with version 'v2' (1 ready of 1 known)");
        Prediction empty = scene.predict("", "disable.s1=,disable.s2");
        assertThat(empty.failed()).isEqualTo(new Prediction.Part(0.0, 1.0));
        assertThat(empty.reason()).isEqualTo("no endpoint is ready (2 known, 2 of them disabled)");
        assertThat(scene.predict("serverId=s3", "").reason())
                .isEqualTo("server_id: no ready endpoint with id 's3' (2 ready of 2 known)");
    }

    @Test
    void tellsWhoWaitsAndWhoFailsWhileNobodyIsReady() {
        scene.balancer().accept(Map.of(), BalancerScene.servers(1, 2));
        Prediction connecting = scene.predict("", "");
        assertThat(connecting.waiting().before()).isEqualTo(1);
        assertThat(connecting.failed().before()).isZero();
        assertThat(connecting.steps()).startsWith("connection: none of 2 known servers is ready");
        scene.fails(1);
        scene.fails(2);
        Prediction failing = scene.predict("", "");
        assertThat(failing.failed().before()).isEqualTo(1);
        assertThat(failing.reason())
                .startsWith("no endpoint is ready (2 known); 127.0.0.1:2: ")
                .contains("refused");
        assertThat(scene.predict("serverId=s1", "").reason())
                .contains("127.0.0.1:1: ")
                .contains("refused");
    }

    @Test
    void saysWhyAChannelPredictsNothing() {
        assertThat(scene.predict("", "").reason())
                .isEqualTo(
                        "no channel of client 'client' for service 'svc' is in use; an idle one is after its next call"
                                + " (in use: none)");
        scene.balancer().resolverFails(Status.UNAVAILABLE.withDescription("svc: no server is registered"));
        Prediction failing = scene.predict("", "weight.s1=0");
        assertThat(failing.reason()).isEqualTo("svc: no server is registered");
        assertThat(failing.before()).isNull();
        assertThat(failing.service()).isEqualTo("svc");
        scene.balancer().acceptReady(server(1));
        scene.balancer().shutdown();
        assertThat(scene.predict("", "").reason()).startsWith("no channel of client");
    }

    @Test
    void asksNoPolicyThatIsShared() {
        InTurn own = new InTurn("own");
        DryRunScene withOwn = new DryRunScene(List.of(own), List.of(), null);
        withOwn.balancer().acceptReady(Map.of("policy", "own"), BalancerScene.servers(1, 2));
        List<Candidate> given = own.lastReady();
        Prediction prediction = withOwn.predict("", "policy=random");
        assertThat(prediction.before()).isNull();
        assertThat(prediction.failed().before()).isNull();
        assertThat(prediction.after()).hasSize(2);
        assertThat(prediction.reason()).startsWith("policy own is one object for all channels");
        withOwn.balancer().accept(Map.of("policy", "random"), BalancerScene.servers(1, 2));
        prediction = withOwn.predict("", "policy=own");
        assertThat(prediction.before()).hasSize(2);
        assertThat(prediction.after()).isNull();
        assertThat(prediction.reason()).startsWith("policy own is one object for all channels");
        assertThat(own.lastReady()).isSameAs(given);
    }

    @Test
    void triesPoliciesThatAFactoryMakes(CapturedLog log) {
        List<Throws> made = new ArrayList<>();
        DryRunScene withOwn = new DryRunScene(List.of(), List.of(new ThrowsFactory(made)), null);
        withOwn.balancer().acceptReady(Map.of("policy", "throws"), BalancerScene.servers(1, 2));
        int before = made.size();
        Prediction prediction = withOwn.predict("", "");
        assertThat(prediction.steps())
                .contains("policy: throws threw for 10000 of 10000 calls, which go to any server that is ready");
        assertThat(log).isEmpty();
        assertThat(made).hasSize(before + 1);
        assertThat(made.subList(0, before)).allMatch(policy -> policy.picks == 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "colour=red                | | call: 'colour=red' (expected: header.<name>=<value>",
                "serverId                  | | call: 'serverId' (expected: header.<name>=<value>",
                "serverId=                 | | call: 'serverId=' (expected: header.<name>=<value>",
                "header.a b=1              | | call: 'header.a b=1' (expected: the name of a header of text)",
                "header.x-bin=1            | | call: 'header.x-bin=1' (expected: the name of a header of text)",
                "rate=0                    | | rate: '0' (expected: calls a second, 0.001 to 10000000)",
                "rate=many                 | | rate: 'many' (expected: calls a second",
                "method=Greet              | | method: 'Greet' (expected: a service and a method",
                "| wait.s1=0                 | change: 'wait.s1=0' (expected: weight.<id or address>=<weight>",
                "| weight.s1=-1              | weight.s1: '-1' (expected: 0 to 1000000)",
                "| weight.s1=x               | weight.s1: 'x' (expected: 0 to 1000000)",
                "| weight.=1                 | change: 'weight.=1' (expected:",
                "| disable.s1=no             | disable.s1: 'no' (expected: nothing, or true)",
                "| disable.s3=               | disable: 's3' (expected: the id or the address of a server, one of [127.0.0.1:1",
                "| zoneGone=z9               | zoneGone: 'z9' (expected: a zone, one of [z1]; did you mean z1?)",
                "| policy=best               | policy: 'best' (expected: one of [consistent_hash,",
            })
    void refusesWhatCannotBe(String call, String change, String message) {
        scene.balancer().acceptReady(server(1).zone("z1"), server(2));
        assertThatThrownBy(() -> scene.predict(call, change))
                .isInstanceOf(IllegalValueException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void refusesToGuessWhoIsMeant() {
        ChannelCopies channels = new ChannelCopies();
        channels.join("a", DryRunTest::noCopy).calls("svc", null, "away");
        channels.join("b", DryRunTest::noCopy).calls("svc", null, "away");
        channels.join("b", DryRunTest::noCopy).calls("other", null, "away");
        DryRun dryRun = new DryRun(channels, DryRun.PolicyOptions.NONE);
        assertThatThrownBy(() -> dryRun.predict(null, null, DryCall.PLAIN, WhatIf.NOTHING))
                .hasMessage("service: null (expected: one of other, svc)");
        assertThatThrownBy(() -> dryRun.predict("svc", null, DryCall.PLAIN, WhatIf.NOTHING))
                .hasMessage("client: null (expected: one of a, b)");
        assertThat(dryRun.predict("svc", "a", DryCall.PLAIN, WhatIf.NOTHING).reason())
                .isEqualTo("away");
        assertThat(dryRun.predict("other", null, DryCall.PLAIN, WhatIf.NOTHING).client())
                .isEqualTo("b");
    }

    @Test
    void readsWhatACallSays() {
        DryCall call = DryCall.parse("header.X-Version=a\\,b=c, serverId=s1,hashKey=u=1,tag.zone=z1,method=a.B/C");
        assertThat(call.getHeaders().toString()).isEqualTo("Metadata(x-version=a,b=c)");
        assertThat(call.getCallOptions().getOption(RoutingKeys.SERVER_ID)).isEqualTo("s1");
        assertThat(call.getCallOptions().getOption(RoutingKeys.HASH_KEY)).isEqualTo("u=1");
        assertThat(call.getCallOptions().getOption(RoutingKeys.TAGS)).isEqualTo(Map.of("zone", "z1"));
        assertThat(call.getMethodDescriptor().getFullMethodName()).isEqualTo("a.B/C");
    }

    @Test
    void theSameQuestionHasTheSameAnswer() {
        scene.balancer().acceptReady(Map.of("policy", "weighted_random"), mixed());
        assertThat(scene.predict("", "weight.s2=9")).isEqualTo(scene.predict("", "weight.s2=9"));
    }

    private static CompletableFuture<Optional<ChannelCopy>> noCopy() {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    private record ThrowsFactory(List<Throws> made) implements PolicyFactory {

        @Override
        public String name() {
            return "throws";
        }

        @Override
        public Policy create(ConfigFields options) {
            Throws policy = new Throws();
            made.add(policy);
            return policy;
        }
    }

    private static final class Throws implements Policy {

        private int picks;

        @Override
        public String name() {
            return "throws";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> {
                picks++;
                throw new IllegalStateException();
            };
        }
    }

    private record Listens(List<String> heard) implements PickObserver {

        @Override
        public void callStarted(Endpoint endpoint, String policy) {
            heard.add("started");
        }

        @Override
        public void pickFailed(String service, String policy, Failure failure) {
            heard.add("failed");
        }

        @Override
        public void endpointsChanged(String service, EndpointCounts before, EndpointCounts now) {
            heard.add("changed");
        }
    }
}
