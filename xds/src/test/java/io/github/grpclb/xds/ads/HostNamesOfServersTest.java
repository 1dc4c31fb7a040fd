package io.github.grpclb.xds.ads;

import static io.github.grpclb.xds.resource.ResourceType.CLUSTER;
import static io.github.grpclb.xds.resource.ResourceType.ENDPOINTS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.xds.FakeSource;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Servers that are registered under the name of a host, where xDS knows addresses alone. */
class HostNamesOfServersTest {

    private final Scene scene = new Scene();
    private final Scene.WholeClient client = scene.wholeClient();

    @Test
    void areToldAtTheAddressThatTheNameLeadsTo() throws Exception {
        scene.source.list("a", at("host7"), FakeSource.endpoint("a", 1));
        client.ask(ENDPOINTS, "a");
        DiscoveryResponse first = client.read();
        assertThat(addresses(first)).containsExactly("127.0.0.1:1");
        client.accept(first, "a");
        scene.answerLookups();
        scene.pass(Duration.ofMillis(100));
        DiscoveryResponse second = client.read();
        assertThat(addresses(second)).containsExactly("10.1.0.7:80", "127.0.0.1:1");
        client.accept(second, "a");
        scene.pass(Duration.ofSeconds(31));
        assertThat(scene.lookups).hasSize(1); // from time to time: it may have moved
    }

    @Test
    void areNotSaidToBeAbsentBeforeTheNameServerAnswers() throws Exception {
        scene.source.list("a", at("host7"));
        client.ask(CLUSTER, "a");
        scene.pass(Duration.ofSeconds(20));
        assertThat(client.readAll()).isEmpty();
        scene.answerLookups();
        scene.pass(Duration.ofMillis(100));
        assertThat(client.read().getResourcesCount()).isOne();
    }

    @Test
    void areAbsentWhereTheNameServerKnowsNone() throws Exception {
        scene.source.list("a", at("unknown"));
        client.ask(CLUSTER, "a");
        scene.answerLookups();
        scene.pass(Duration.ofMillis(100));
        assertThat(client.read().getResourcesCount()).isZero();
    }

    /** As after a restart of the control plane while the name server is away. */
    @Test
    void areNotSaidToBeAbsentToWhoComesBack() throws Exception {
        scene.source.list("a", at("unknown"));
        client.say(request ->
                request.setTypeUrl(CLUSTER.url()).setVersionInfo("of before").addResourceNames("a"));
        scene.answerLookups();
        scene.pass(Duration.ofSeconds(20));
        assertThat(client.readAll()).isEmpty();
    }

    @Test
    void stayWhereTheyWereWhileTheNameServerFails() throws Exception {
        scene.nameServer.knowsLateHosts = true;
        scene.source.list("a", at("late"));
        client.ask(ENDPOINTS, "a");
        scene.answerLookups();
        scene.pass(Duration.ofMillis(100));
        client.accept(client.read(), "a");
        scene.nameServer.knowsLateHosts = false;
        scene.pass(Duration.ofSeconds(31));
        scene.answerLookups();
        scene.pass(Duration.ofSeconds(1));
        assertThat(client.readAll()).isEmpty();
    }

    /** Once by its name and once by its address, as where one registers itself and another one is registered by a script. */
    @Test
    void areToldOnceAtAnAddress() throws Exception {
        scene.source.list("a", at("host7"), at("10.1.0.7"));
        client.ask(ENDPOINTS, "a");
        client.accept(client.read(), "a");
        scene.answerLookups();
        scene.pass(Duration.ofMillis(100));
        assertThat(client.readAll()).isEmpty();
    }

    /** Clients that read addresses before they compare them reject a list in which one comes twice, and one that they cannot read. */
    @Test
    void areToldOnceHoweverTheirAddressIsWritten() throws Exception {
        scene.source.list(
                "a",
                at("10.1.0.7"),
                at("10.1.0.07"),
                at("::1"),
                at("0:0:0:0:0:0:0:1"),
                at("::ffff:10.1.0.8"),
                at("fe80::1%1"));
        client.ask(ENDPOINTS, "a");
        assertThat(addresses(client.read())).containsExactly("10.1.0.7:80", "::1:80", "10.1.0.8:80");
    }

    private static Endpoint at(String host) {
        return Endpoint.builder("a", host, 80).key("/a/" + host).build();
    }

    private static List<String> addresses(DiscoveryResponse response) throws InvalidProtocolBufferException {
        return response.getResources(0).unpack(ClusterLoadAssignment.class).getEndpointsList().stream()
                .map(locality ->
                        locality.getLbEndpoints(0).getEndpoint().getAddress().getSocketAddress())
                .map(address -> address.getAddress() + ":" + address.getPortValue())
                .toList();
    }
}
