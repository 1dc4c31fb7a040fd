package io.github.grpclb.etcd.override;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.etcd.FakeEtcd;
import io.github.grpclb.etcd.ForwardingApi;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdException;
import io.github.grpclb.etcd.client.EtcdLoop;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.Override.Effect;
import io.github.grpclb.override.Override.Selector;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.override.OverrideStore.Draft;
import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators put, in virtual time. */
class EtcdOverrideStoreTest {

    private static final KeySpace ENDPOINTS = new KeySpace("/grpclb/");
    private static final Instant NOW = Instant.parse("2026-01-31T10:00:00.123456Z");
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Selector S1 = new Selector.Server("s1");

    private final FakeClock clock = new FakeClock();
    private final FakeEtcd etcd = new FakeEtcd(clock);
    private final EtcdLoop loop = new EtcdLoop(clock, clock::nanoTime, new Random(7));
    private final FakeEtcd.FakeClient client = etcd.client();
    private final OverrideStore store = store(client);

    private OverrideStore store(EtcdApi api) {
        return new EtcdOverrideStore(
                loop, api, ENDPOINTS, new KeySpace(Overrides.PREFIX), () -> NOW.plusNanos(clock.nanoTime()));
    }

    @Test
    void putsUnderALeaseOfItsOwn() {
        Override put = done(store.put(Overrides.weightOf("s1", 5, Duration.ofMillis(90_500))));
        assertThat(put.key()).isEqualTo("/grpclb-overrides/svc/server-s1");
        assertThat(put.name()).isEqualTo("server-s1");
        assertThat(put.since()).isEqualTo("2026-01-31T10:00:00.123Z");
        assertThat(put.until()).isEqualTo("2026-01-31T10:01:30.623Z");
        assertThat(etcd.value(put.key()))
                .isEqualTo("{\"selector\":{\"server\":\"s1\"},\"weight\":5,\"author\":\"ops\",\"reason\":\"disk\","
                        + "\"since\":\"2026-01-31T10:00:00.123Z\",\"until\":\"2026-01-31T10:01:30.623Z\"}");
        assertThat(put.createRevision()).isEqualTo(etcd.record(put.key()).modRevision());
        assertThat(etcd.store().leases().get(etcd.record(put.key()).lease()).ttl)
                .isEqualTo(Duration.ofSeconds(91));
        assertThat(done(store.list("svc"))).containsExactly(put);
        clock.forward(Duration.ofSeconds(92));
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
    }

    @Test
    void takesThePlaceOfOneOfTheSameNameWhoseLeaseEnds() {
        Override first = done(store.put(Overrides.weightOf("s1", 5, MINUTE)));
        Override second = done(store.put(Overrides.weightOf("s1", 6, Duration.ofMinutes(2))));
        assertThat(second.createRevision()).isGreaterThan(first.createRevision());
        assertThat(done(store.list("svc"))).containsExactly(second);
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    @Test
    void namesWhomItIsAbout() {
        assertThat(List.of(
                        key(new Selector.Server("10.0.0.1:80"), new Effect.Weight(1)),
                        key(new Selector.Server("a/b %"), new Effect.Weight(1)),
                        key(new Selector.Zone("z1"), new Effect.Weight(1)),
                        key(new Selector.Version("v2"), new Effect.Weight(1)),
                        key(new Selector.All(), new Effect.Weight(1)),
                        key(new Selector.All(), new Effect.Policy("random"))))
                .containsExactly(
                        "server-10.0.0.1:80", "server-a%2Fb%20%25", "zone-z1", "version-v2", "service", "policy");
    }

    private String key(Selector selector, Effect effect) {
        return done(store.put(Overrides.draft(selector, effect, MINUTE, false))).name();
    }

    @Test
    void endsAnOverrideWithItsLease() {
        Override put = done(store.put(Overrides.weightOf("s1", 5, MINUTE)));
        assertThat(done(store.delete("svc", "other"))).isFalse();
        assertThat(done(store.delete("svc", put.name()))).isTrue();
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
        assertThat(done(store.delete("svc", put.name()))).isFalse();
    }

    /** Whoever may write overrides could otherwise have an operator take a server's record away. */
    @Test
    void leavesALeaseThatHoldsSomethingElse() {
        long lease = etcd.grantNow(Duration.ofHours(1));
        register("s1", 1, Endpoint.State.UP, lease);
        etcd.put(Overrides.PREFIX + "svc/x", ByteString.copyFromUtf8("not to be read"), lease);
        etcd.put(Overrides.PREFIX + "svc/server-s1", ByteString.copyFromUtf8("nor this"), lease);
        assertThat(done(store.delete("svc", "x"))).isTrue();
        done(store.put(Overrides.weightOf("s1", 5, MINUTE)));
        assertThat(etcd.keys()).containsExactly("/grpclb-overrides/svc/server-s1", "/grpclb/svc/s1");
        assertThat(etcd.leases()).contains(lease);
    }

    @Test
    void listsThoseOfAllServices() {
        etcd.put(Overrides.PREFIX + "com.acme/orders/x", Overrides.weight("s1", 1));
        etcd.put(Overrides.PREFIX + "svc/b", Overrides.weight("s1", 2));
        etcd.put(Overrides.PREFIX + "svc/a", Overrides.weight("s1", 3));
        etcd.put(Overrides.PREFIX + "svc/bad", "bad");
        etcd.put(Overrides.PREFIX + "bad", Overrides.weight("s1", 4));
        assertThat(done(store.list(null)))
                .extracting(each -> each.service() + " " + each.name())
                .containsExactly("com.acme/orders x", "svc a", "svc b");
        assertThat(done(store.list("com.acme"))).isEmpty();
    }

    @Test
    void leavesAServer() {
        register("s1", 1, Endpoint.State.UP, 0);
        register("s2", 1, Endpoint.State.UP, 0);
        done(store.put(Overrides.disable(S1)));
        assertThat(refusal(store.put(Overrides.disable(new Selector.Server("s2")))))
                .hasMessage(
                        "disabled: 'true for server s2, of 2 servers of svc none would be left' (expected: an override"
                                + " that leaves another server with a weight above 0 that is neither disabled nor draining, or"
                                + " force)");
        assertThat(refusal(store.put(Overrides.weightOf("s2", 0, MINUTE)))).hasMessageStartingWith("weight: '0 for");
        assertThat(etcd.leaseCount()).isEqualTo(1);
        done(store.put(Overrides.draft(new Selector.Server("s2"), new Effect.Disabled(), MINUTE, true)));
        assertThat(etcd.value(Overrides.PREFIX + "svc/server-s2")).endsWith(",\"force\":true}");
    }

    @Test
    void countsWhatTakesCallsAlone() {
        register("s1", 1, Endpoint.State.UP, 0);
        register("s2", 0, Endpoint.State.UP, 0);
        register("s3", 1, Endpoint.State.DRAINING, 0);
        refusal(store.put(Overrides.disable(S1)));
        refusal(store.put(Overrides.weightOf("s1", 0, MINUTE)));
        done(store.put(Overrides.weightOf("s2", 1, Duration.ofSeconds(30))));
        done(store.put(Overrides.disable(S1)));
        done(store.delete("svc", "server-s1"));
        clock.forward(Duration.ofSeconds(31));
        refusal(store.put(Overrides.disable(S1)));
    }

    @Test
    void goesByTheClosestOverrideAndTheNewest() {
        register("s1", 1, Endpoint.State.UP, 0);
        done(store.put(Overrides.weightOf("s1", 1, MINUTE)));
        done(store.put(Overrides.draft(new Selector.All(), new Effect.Weight(0), MINUTE, false)));
        refusal(store.put(Overrides.disable(new Selector.All())));
        refusal(store.put(Overrides.weightOf("127.0.0.1:1", 0, MINUTE)));
    }

    @Test
    void refusesToDisableAServiceWithoutServersAsAWhole() {
        refusal(store.put(Overrides.disable(new Selector.All())));
        done(store.put(Overrides.disable(new Selector.Zone("z1"))));
    }

    @Test
    void leavesAServerAlsoWhenTwoOperatorsDoHalfOfThatEach() throws Exception {
        register("s1", 1, Endpoint.State.UP, 0);
        register("s2", 1, Endpoint.State.UP, 0);
        CompletableFuture<Override> one = store.put(Overrides.disable(S1));
        CompletableFuture<Override> other = store(etcd.client()).put(Overrides.disable(new Selector.Server("s2")));
        clock.forward(Duration.ofSeconds(1));
        assertThat(List.of(one, other))
                .filteredOn(CompletableFuture::isCompletedExceptionally)
                .hasSize(1);
        assertThat(one).isCompleted();
        assertThat(etcd.leaseCount()).isEqualTo(1);
    }

    @Test
    void isNotThereWhereItFailed() {
        OverrideStore unlucky = store(new ForwardingApi(client) {
            @java.lang.Override
            public CompletableFuture<Long> putIfNoneNewer(
                    String key, ByteString value, long lease, String prefix, long revision) {
                return to.putIfNoneNewer(key, value, lease, prefix, revision)
                        .thenCompose(done -> CompletableFuture.failedFuture(
                                new EtcdException(EtcdException.Kind.UNREACHABLE, "etcd unreachable: no answer")));
            }
        });
        assertThat(failure(unlucky.put(Overrides.weightOf("s1", 5, MINUTE)))).hasMessage("etcd unreachable: no answer");
        assertThat(etcd.keys()).isEmpty();
        assertThat(etcd.leaseCount()).isZero();
    }

    @Test
    void saysWhatEtcdRefuses() {
        etcd.refuseWith(new EtcdException(EtcdException.Kind.PERMISSION, "etcd denies the access: permission denied"));
        assertThat(failure(store.put(Overrides.weightOf("s1", 5, MINUTE))))
                .hasMessage("etcd denies the access: permission denied (reading /grpclb-overrides/svc/)");
        assertThat(failure(store.list(null))).hasMessageEndingWith("(reading /grpclb-overrides/)");
        assertThat(failure(store.delete("svc", "x"))).hasMessageContaining("permission denied");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0.999S", "P7DT0.001S", "PT0S", "PT-1S"})
    void refusesTimesThatAreNone(String duration) {
        assertThat(refusal(store.put(Overrides.weightOf("s1", 5, Duration.parse(duration)))))
                .hasMessage("duration: " + Duration.parse(duration) + " (expected: 1 s to 7 d)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a/b", "a b", "\u0000"})
    void refusesNamesThatAreNone(String name) {
        Draft draft = new Draft("svc", name, S1, new Effect.Weight(5), MINUTE, "ops", "disk", false);
        assertThat(refusal(store.put(draft))).hasMessageStartingWith("name: '");
        assertThat(refusal(store.delete("svc", name))).hasMessageStartingWith("name: '");
    }

    @Test
    void refusesWhatCannotBe() {
        assertThat(refusal(store.put(new Draft("..", null, S1, new Effect.Weight(5), MINUTE, "ops", "disk", false))))
                .hasMessageStartingWith("service: '..'");
        assertThat(refusal(store.put(new Draft("svc", null, S1, new Effect.Weight(5), MINUTE, " ", "disk", false))))
                .hasMessageStartingWith("author: ' '");
        assertThat(refusal(store.put(new Draft("svc", null, S1, new Effect.Policy("x"), MINUTE, "ops", "disk", false))))
                .hasMessageStartingWith("selector: ");
        assertThat(refusal(store.list(".."))).hasMessageStartingWith("service: '..'");
        assertThat(etcd.calls()).isZero();
    }

    private void register(String id, int weight, Endpoint.State state, long lease) {
        Endpoint endpoint = Endpoint.builder("svc", "127.0.0.1", Integer.parseInt(id.substring(1)))
                .id(id)
                .weight(weight)
                .state(state)
                .build();
        etcd.put("/grpclb/svc/" + id, new EndpointCodec(ENDPOINTS).encode(endpoint), lease);
    }

    private <T> T done(CompletableFuture<T> future) {
        clock.forward(Duration.ofMillis(100));
        assertThat(future).isCompleted();
        return future.join();
    }

    private Throwable refusal(CompletableFuture<?> future) {
        Throwable failure = failure(future);
        assertThat(failure).isInstanceOf(IllegalValueException.class);
        return failure;
    }

    private Throwable failure(CompletableFuture<?> future) {
        clock.forward(Duration.ofMillis(100));
        assertThat((Future<?>) future).isDone();
        try {
            future.get();
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        throw new AssertionError("did not fail");
    }
}
