package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Consumer;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.client.EtcdUnavailableException;
import io.github.grpclb.etcd.consumers.EtcdConsumerDirectory;
import io.github.grpclb.etcd.consumers.EtcdConsumers;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.etcd.override.EtcdOverrideStore;
import io.github.grpclb.etcd.override.EtcdOverrides;
import io.github.grpclb.etcd.override.OverridePrefix;
import io.github.grpclb.override.Override;
import io.github.grpclb.override.OverrideStore;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Etcdctl;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Repository;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The roles that {@code bin/etcd-roles} makes, with the etcdctl of this machine, on a real etcd. */
@FaultRow({18, 19})
class RolesIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String KEY = "/grpclb/greeter/127.0.0.1:8001";

    private final Endpoint endpoint =
            Endpoint.builder("greeter", "127.0.0.1", 8001).id("a").startedAt(1).build();
    private final LatestList list = new LatestList();

    @AutoClose
    private final Opened opened = new Opened();

    private Etcdctl operator;
    private EtcdProcess etcd;

    @BeforeEach
    void makeRoles() throws Exception {
        etcd = opened.add(EtcdServers.startProcess());
        operator = new Etcdctl(etcd.endpoint());
        operator.script(Repository.file("bin/etcd-roles"), "greeter");
        operator.script(Repository.file("bin/etcd-roles"), "greeter"); // a second time changes nothing
        operator.run("user", "add", "announcer:announcer");
        operator.run("user", "grant-role", "announcer", "greeter-server");
        operator.run("user", "add", "caller:caller");
        operator.run("user", "grant-role", "caller", "greeter-client");
        operator.run("user", "add", "ops:ops");
        operator.run("user", "grant-role", "ops", "greeter-operator");
        operator.enableAuth();
    }

    @Test
    void theyAreEnough() {
        Registration registration = announced(connect("announcer"));
        followed(connect("caller"));
        assertThat(registration.update(endpoint.toBuilder().weight(7).build())).succeedsWithin(LIMIT);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints())
                .extracting(Endpoint::weight)
                .containsExactly(7));
        assertThat(registration.withdraw()).succeedsWithin(LIMIT);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints()).isEmpty());
        assertThat(list.reasons()).isEmpty();
    }

    @Test
    void aCallerCannotWrite() {
        EtcdApi caller = connect("caller").api();
        ByteString value = ByteString.copyFromUtf8("10.0.0.1:1");
        announced(connect("announcer"));
        assertDenied(
                caller.putIfUnchanged("/grpclb/greeter/10.0.0.1:1", 0, value, 0), "writing /grpclb/greeter/10.0.0");
        assertDenied(caller.deleteIfUnchanged(KEY, 1), "deleting " + KEY);
    }

    @Test
    void anOperatorOverridesAndACallerHearsOfIt() {
        announced(connect("announcer"));
        List<List<String>> heard = follow(connect("caller"), "greeter");
        EtcdOverrideStore store = new EtcdOverrideStore(connect("ops"), OverridePrefix.DEFAULT);
        assertThat(store.put(disableTheOnlyServer(false)))
                .failsWithin(LIMIT)
                .withThrowableThat()
                .withMessageContaining("none would be left");
        assertThat(store.put(disableTheOnlyServer(true))).succeedsWithin(LIMIT);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(heard).last().isEqualTo(List.of("server-a")));
        assertThat(store.list("greeter"))
                .succeedsWithin(LIMIT)
                .asInstanceOf(LIST)
                .hasSize(1);
        assertThat(store.delete("greeter", "server-a")).succeedsWithin(LIMIT).isEqualTo(true);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(heard).last().isEqualTo(List.of()));
        assertThat(operator.run("lease", "list")).contains("found 1 leases"); // the server's own
    }

    @Test
    void anOperatorDoesNothingElse() {
        announced(connect("announcer"));
        EtcdConnection ops = connect("ops");
        ByteString value = ByteString.copyFromUtf8("10.0.0.1:1");
        assertDenied(ops.api().putIfUnchanged("/grpclb/greeter/10.0.0.1:1", 0, value, 0), "writing /grpclb/greeter");
        assertDenied(ops.api().deleteIfUnchanged(KEY, 1), "deleting " + KEY);
        EtcdOverrideStore store = new EtcdOverrideStore(ops, OverridePrefix.DEFAULT);
        assertDenied(store.list(null), "reading /grpclb-overrides/)");
        assertDenied(store.list("other"), "reading /grpclb-overrides/other/");
    }

    @Test
    void nobodyElseOverrides() {
        for (String user : List.of("caller", "announcer")) {
            EtcdConnection connection = connect(user);
            EtcdOverrideStore store = new EtcdOverrideStore(connection, OverridePrefix.DEFAULT);
            assertDenied(store.put(disableTheOnlyServer(true)), "/grpclb-overrides/greeter/");
            assertThat(connection.refusedBecause()).isNull();
        }
        assertThat(operator.run("lease", "list")).contains("found 0 leases");
    }

    @Test
    @FaultRow(19)
    void aCallerThatMayNotReadOverridesGoesOnWithoutAndIsWell() {
        operator.run("role", "revoke-permission", "--prefix=true", "greeter-client", "/grpclb-overrides/greeter/");
        announced(connect("announcer"));
        EtcdConnection caller = connect("caller");
        List<List<String>> heard = follow(caller, "greeter");
        followed(caller);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(heard).containsExactly(List.of()));
        assertThat(caller.refusedBecause()).isNull();
        assertThat(caller.unreachableBecause()).isNull();
    }

    private static OverrideStore.Draft disableTheOnlyServer(boolean force) {
        return new OverrideStore.Draft(
                "greeter",
                null,
                new Override.Selector.Server("a"),
                new Override.Effect.Disabled(),
                Duration.ofMinutes(1),
                "ops",
                "disk",
                force);
    }

    /** Returns the names of the overrides in each list that comes. */
    private List<List<String>> follow(EtcdConnection connection, String service) {
        List<List<String>> heard = new CopyOnWriteArrayList<>();
        opened.add(new EtcdOverrides(
                        connection, OverridePrefix.DEFAULT, EtcdOverrides.DEFAULT_LINGER, RegistryObserver.NONE))
                .subscribe(
                        service,
                        list -> heard.add(list.stream().map(Override::name).toList()));
        return heard;
    }

    @Test
    void nobodyTouchesAnotherService() {
        EtcdConnection announcer = connect("announcer");
        ByteString value = ByteString.copyFromUtf8("10.0.0.1:1");
        for (String key : List.of("/grpclb/other/x", "/grpclb/greeter2/x", "/grpclb/greeter", "/x")) {
            assertDenied(announcer.api().putIfUnchanged(key, 0, value, 0), "writing " + key);
            assertDenied(announcer.api().get(key), "reading " + key);
            assertDenied(connect("caller").api().get(key), "reading " + key);
        }
        assertDenied(announcer.api().list("/grpclb/", ByteString.EMPTY, 10, 0), "reading all of /grpclb/");
    }

    @Test
    void theyAreEnoughWithoutAPrefix() {
        operator.script(Repository.file("bin/etcd-roles"), "bare", "");
        operator.run("user", "grant-role", "announcer", "bare-server");
        operator.run("user", "grant-role", "caller", "bare-client");
        Endpoint bare = Endpoint.builder("bare", "127.0.0.1", 8001).build();
        EtcdConnection announcer = connectWithoutPrefix("announcer");
        EtcdRegistrar registrar = opened.add(
                new EtcdRegistrar(announcer, Duration.ofSeconds(5), Duration.ofSeconds(3), RegistryObserver.NONE));
        assertThat(registrar.register(bare).registered()).succeedsWithin(LIMIT);
        EtcdEndpointSource source = opened.add(
                new EtcdEndpointSource(connectWithoutPrefix("caller"), Duration.ofHours(1), RegistryObserver.NONE));
        source.subscribe("bare", list);
        await().atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(list.endpoints()).extracting(Endpoint::key).containsExactly("bare/127.0.0.1:8001"));
        assertDenied(announcer.api().list("bare2/", ByteString.EMPTY, 10, 0), "reading all of bare2/");
    }

    @Test
    void theyAreEnoughForConsumersWhereThatIsAskedFor() throws Exception {
        EtcdConsumerDirectory directory = new EtcdConsumerDirectory(connect("announcer"), EtcdConsumers.DEFAULT_PREFIX);
        assertDenied(directory.consumers("greeter"), "permission denied");
        operator.script(Repository.file("bin/etcd-roles"), "--consumers", "greeter");
        Consumer consumer = new Consumer("greeter", "front", null, "pod-1", null, 1, 1);
        opened.add(new EtcdConsumers(
                connect("caller"), EtcdConsumers.DEFAULT_PREFIX, Duration.ofSeconds(10), "1", () -> List.of(consumer)));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(directory.consumers("greeter"))
                .succeedsWithin(LIMIT)
                .satisfies(told -> assertThat(told.consumers()).containsExactly(consumer)));
        assertDenied(directory.consumers(null), "permission denied");
        ByteString value = ByteString.copyFromUtf8("{}");
        assertDenied(
                connect("announcer").api().putIfUnchanged("/grpclb-consumers/greeter/x", 0, value, 0),
                "writing /grpclb-consumers/greeter/x");
        assertDenied(
                connect("caller").api().putIfUnchanged("/grpclb-consumers/greeter2/x", 0, value, 0),
                "writing /grpclb-consumers/greeter2/x");
    }

    @Test
    void noRolesAreMadeForPrefixesThatOverlap() {
        for (String prefixes :
                List.of("/a /a", "/a/b /a/", "/a /a/b", "'' a", "--consumers=/a/b /a", "--consumers=/b /a /b/c")) {
            assertThatThrownBy(() -> operator.shell(
                            "bash " + Repository.file("bin/etcd-roles").toAbsolutePath() + " overlapping " + prefixes))
                    .as(prefixes)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("(expected: prefixes of which neither begins with the other)");
        }
        assertThat(operator.run("role", "list")).doesNotContain("overlapping");
    }

    @Test
    void aGrantThatLacksItsSlashIsSeenByTheKeysThatAreNamed() {
        operator.run("role", "add", "slip");
        operator.run("role", "grant-permission", "slip", "read", "/grpclb/greeter");
        operator.run("user", "add", "slipped:slipped");
        operator.run("user", "grant-role", "slipped", "slip");
        EtcdConnection connection = connect("slipped");
        follow(connection);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(list.reasons())
                .singleElement()
                .asString()
                .contains("permission denied", "reading all of /grpclb/greeter/"));
        assertThat(connection.refusedBecause()).contains("permission denied", "/grpclb/greeter/");
        assertThat(connection.unreachableBecause()).isNull();
    }

    @Test
    @Tag("long")
    @FaultRow(19)
    void rightsThatAreTakenAndGivenBackLoseNothing() {
        EtcdConnection announcer = connect("announcer");
        EtcdConnection caller = connect("caller");
        Registration registration = announced(announcer);
        followed(caller);
        int lists = list.count();

        operator.run("role", "revoke-permission", "--prefix=true", "greeter-server", "/grpclb/greeter/");
        operator.run("role", "revoke-permission", "--prefix=true", "greeter-client", "/grpclb/greeter/");
        announcer.reconnect();
        caller.reconnect();
        CompletableFuture<Void> update =
                registration.update(endpoint.toBuilder().weight(9).build());
        await().atMost(LIMIT).untilAsserted(() -> {
            assertThat(caller.refusedBecause()).contains("permission denied", "/grpclb/greeter/");
            assertThat(announcer.refusedBecause()).contains("permission denied", "/grpclb/greeter/");
        });
        assertThat(list.count()).isEqualTo(lists);
        assertThat(list.endpoints()).hasSize(1);
        assertThat(update).isNotDone();

        operator.run("role", "grant-permission", "--prefix=true", "greeter-server", "readwrite", "/grpclb/greeter/");
        operator.run("role", "grant-permission", "--prefix=true", "greeter-client", "read", "/grpclb/greeter/");
        await().atMost(Duration.ofSeconds(36)).untilAsserted(() -> assertThat(list.endpoints())
                .extracting(Endpoint::weight)
                .containsExactly(9));
        assertThat(update).succeedsWithin(LIMIT);
        assertThat(caller.refusedBecause()).isNull();
        assertThat(announcer.refusedBecause()).isNull();
        assertThat(list.reasons()).isEmpty();
    }

    @Test
    @Tag("long")
    @FaultRow(18)
    void aWrongPasswordIsTriedOnceInHalfAMinuteAtMost() throws Exception {
        EtcdConnection connection = connect("announcer", "canary-s3cret");
        assertThatThrownBy(() -> connection.awaitReachable(LIMIT))
                .isInstanceOf(EtcdUnavailableException.class)
                .hasMessageContaining("authentication failed");
        follow(connection);
        register(connection);
        // at once, and after 27 to 33 s
        await().during(Duration.ofSeconds(24)).atMost(Duration.ofSeconds(26)).until(() -> etcd.authentications() == 1);
        await().atMost(LIMIT).until(() -> etcd.authentications() == 2);
        assertThat(connection.refusedBecause())
                .contains("etcd refuses the credentials", "authentication failed")
                .doesNotContain("canary");
    }

    private static void assertDenied(CompletableFuture<?> call, String what) {
        assertThat(call)
                .failsWithin(LIMIT)
                .withThrowableThat()
                .withMessageContaining("permission denied")
                .withMessageContaining(what);
    }

    private EtcdConnection connect(String user) {
        return connect(user, user);
    }

    private EtcdConnection connect(String user, String password) {
        return connect(EtcdOptions.DEFAULT_PREFIX, user, password);
    }

    private EtcdConnection connectWithoutPrefix(String user) {
        return connect("", user, user);
    }

    private EtcdConnection connect(String prefix, String user, String password) {
        return opened.add(new EtcdConnection(new EtcdOptions(
                List.of(etcd.endpoint().toString()), prefix, user, password, null, EtcdOptions.DEFAULT_CALL_TIMEOUT)));
    }

    private Registration announced(EtcdConnection connection) {
        Registration registration = register(connection);
        assertThat(registration.registered()).succeedsWithin(LIMIT);
        return registration;
    }

    private Registration register(EtcdConnection connection) {
        return opened.add(new EtcdRegistrar(
                        connection, Duration.ofSeconds(20), Duration.ofSeconds(3), RegistryObserver.NONE))
                .register(endpoint);
    }

    private void followed(EtcdConnection connection) {
        follow(connection);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
    }

    private void follow(EtcdConnection connection) {
        opened.add(new EtcdEndpointSource(connection, Duration.ofHours(1), RegistryObserver.NONE))
                .subscribe("greeter", list);
    }
}
