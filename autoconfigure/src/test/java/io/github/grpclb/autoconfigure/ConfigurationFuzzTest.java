package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.ConfigurationMetadata;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.client.ReadyEndpoints;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.StaticEndpointSource;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.fuzz.FuzzRun;
import io.github.grpclb.fuzz.Hostile;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.server.HostChoice;
import io.github.grpclb.timeline.Timeline;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Whatever stands in application.yml: Spring's binder or {@link InvalidPropertyException} refuses it, by the property's name, or
 * it is used. The names of the properties are those of the metadata, so that a new one is fuzzed from its first day.
 */
@AddLifecycleHook(FuzzRun.class)
class ConfigurationFuzzTest {

    private static final String CANARY = "canary-password";
    private static final List<Metadata.Item> PROPERTIES = Metadata.read();

    private static final EtcdConnection CONNECTION = new EtcdConnection(EtcdOptions.of("http://127.0.0.1:1"));
    private static final EndpointSource NO_ENDPOINTS = new StaticEndpointSource(Map.of());
    private static final StaticListableBeanFactory NO_BEANS = new StaticListableBeanFactory();
    private static final GenericApplicationContext NO_CONTEXT = new GenericApplicationContext();

    static {
        NO_CONTEXT.refresh();
    }

    @Provide
    Arbitrary<Map<String, String>> configurations() {
        return Hostile.inputs(ConfigurationFuzzTest::configuration);
    }

    @Provide
    Arbitrary<List<String>> addresses() {
        return Hostile.inputs(ConfigurationFuzzTest::addressList);
    }

    @Property
    void refusesOrTakes(@ForAll("configurations") Map<String, String> configuration) {
        try {
            Binder binder = new Binder(new MapConfigurationPropertySource(configuration));
            BlankIsAbsent handler = new BlankIsAbsent(BindHandler.DEFAULT);
            GrpcLbProperties properties = binder.bindOrCreate("grpc.lb", Bindable.of(GrpcLbProperties.class), handler);
            ClientProperties all = binder.bindOrCreate("grpc.lb", Bindable.of(ClientProperties.class), handler);
            assertThat(properties.toString()).doesNotContain(CANARY);
            use(properties, all);
        } catch (BindException e) {
            assertThat(e.getMessage()).doesNotContain(CANARY);
        } catch (InvalidPropertyException e) {
            assertThat(e.property()).startsWith("grpc.lb.");
            assertThat(e.getMessage()).doesNotContain(CANARY);
            assertThat(e.expected()).isNotBlank();
        }
    }

    @Property
    void readsStaticAddresses(@ForAll("addresses") List<String> addresses) {
        List<Endpoint> endpoints;
        try {
            endpoints = new StaticEndpoints(Map.of("greeter", addresses))
                    .of("greeter", "svc")
                    .orElseThrow();
        } catch (InvalidPropertyException e) {
            assertThat(e.property()).isEqualTo("grpc.lb.static.greeter");
            return;
        }
        assertThat(endpoints).isNotEmpty().allMatch(endpoint -> endpoint.service()
                .equals("svc"));
        assertThat(endpoints).allSatisfy(endpoint -> {
            assertThat(endpoint.port()).isBetween(1, 65535);
            assertThat(endpoint.host()).isNotBlank();
        });
    }

    @Test
    void takesTheFixedSeed() {
        Hostile.replay(ConfigurationFuzzTest::configuration, 300, this::refusesOrTakes);
        Hostile.replay(ConfigurationFuzzTest::addressList, 300, this::readsStaticAddresses);
    }

    /** All that a start would do with them, but for dialling, and for making the directory of the snapshots. */
    private static void use(GrpcLbProperties properties, ClientProperties all) {
        PodSettings pod = new PodSettings(variable -> null, "/nowhere");
        new EtcdSettings(properties.etcd(), null).options();
        new GrpcLbClientAutoConfiguration()
                .grpcLbChannelSetup(
                        properties,
                        all,
                        NO_ENDPOINTS,
                        new EndpointLoads(),
                        new LiveEndpoints(),
                        Policies.with(List.of()),
                        new DeferredObservers(NO_CONTEXT),
                        new Timeline(),
                        pod,
                        NO_BEANS.getBeanProvider(ReadyEndpoints.class));
        HostSettings hosts = new HostSettings(properties.registration(), null, List::of, HostChoice::ofThisMachine);
        new ServerAnnouncement(properties.registration(), "greeter", hosts, pod).forServerBoundTo("127.0.0.1");
        new GrpcLbServerAutoConfiguration()
                .grpcLbServerLifecycle(
                        new GrpcLbEtcdAutoConfiguration()
                                .grpcLbRegistrar(
                                        CONNECTION,
                                        properties,
                                        NO_BEANS.getBeanProvider(RegistryObserver.class),
                                        new Timeline()),
                        properties);
        List<ClientProperties> clients = new ArrayList<>(properties.clients().values());
        clients.add(all);
        for (ClientProperties client : clients) {
            ClientProperties own = new ClientZones(pod).fillIn(client, all);
            ClientServiceConfig config =
                    new ClientServiceConfig("grpc.lb.clients.greeter.", own, all, Policies.with(List.of()));
            assertThat(new PolicyLoadBalancerProvider()
                            .parseLoadBalancingPolicyConfig(config.toJson())
                            .getError())
                    .isNull();
        }
    }

    private static List<String> addressList(Hostile hostile) {
        return hostile.list(4, () -> hostile.oneIn(4) ? hostile.text() : hostile.address());
    }

    private static Map<String, String> configuration(Hostile hostile) {
        Map<String, String> configuration = new HashMap<>();
        for (int i = hostile.between(1, 4); i > 0; i--) {
            Metadata.Item property = PROPERTIES.get(hostile.between(0, PROPERTIES.size() - 1));
            String name = property.name();
            if (property.isOfClients() && hostile.oneIn(2)) {
                name = name.replace("grpc.lb.", "grpc.lb.clients.greeter.");
            }
            configuration.put(name, value(hostile, property.type()));
        }
        if (hostile.oneIn(4)) {
            configuration.put("grpc.lb.etcd.password", CANARY);
            configuration.put("grpc.lb.etcd.username", hostile.text());
        }
        if (hostile.oneIn(8)) {
            configuration.put("grpc.lb.etcd.endpoints", "http://user:" + CANARY + "@" + hostile.address());
        }
        return configuration;
    }

    private static String value(Hostile hostile, String type) {
        if (hostile.oneIn(10)) {
            return hostile.text();
        }
        return switch (type) {
            case "java.time.Duration" -> hostile.duration();
            case "java.lang.Integer", "java.lang.Double" -> hostile.number();
            case "java.lang.Boolean" -> hostile.of("true", "false", "TRUE", "yes", "off", "1", "");
            default -> hostile.oneIn(3) ? "http://" + hostile.address() : hostile.text();
        };
    }

    /** The product's own list of its properties, and the members of those that are lists and maps. */
    private static final class Metadata {

        record Item(String name, String type) {
            boolean isOfClients() {
                return !name.matches("grpc\\.lb\\.(etcd|registration|metrics|static|enabled)\\b.*");
            }
        }

        static List<Item> read() {
            List<Item> items = new ArrayList<>(List.of(
                    new Item("grpc.lb.tags[0].key", "java.lang.String"),
                    new Item("grpc.lb.tags[0].header", "java.lang.String"),
                    new Item("grpc.lb.tags[0].split.v1", "java.lang.Double"),
                    new Item("grpc.lb.tags[0].split[a:b]", "java.lang.Double"),
                    new Item("grpc.lb.tags[0].split[a: (expected: b)]", "java.lang.Double"),
                    new Item("grpc.lb.registration.metadata.team", "java.lang.String"),
                    new Item("grpc.lb.registration.metadata[we ight]", "java.lang.String"),
                    new Item("grpc.lb.static.greeter", "java.lang.String"),
                    new Item("grpc.lb.clients.greeter.service", "java.lang.String")));
            for (JsonObject property : ConfigurationMetadata.properties()) {
                String type = property.get("type").getAsString();
                String name = property.get("name").getAsString();
                if (name.startsWith("grpc.lb.") && !type.startsWith("java.util.Map") && !name.equals("grpc.lb.tags")) {
                    items.add(new Item(name, type));
                }
            }
            return items;
        }
    }
}
