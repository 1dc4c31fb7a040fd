package io.github.grpclb.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Cidr;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.UnusedRecords;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.FakeClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the slices of a Service are together. */
class SliceTableTest {

    private final FakeClock clock = new FakeClock();
    private final List<Endpoint> deregistered = new ArrayList<>();
    private int skipped;
    private SliceTable table = table("greeter", AddressRules.DEFAULT, false);

    private SliceTable table(String service, AddressRules rules, boolean preferIpv6) {
        return new SliceTable(
                service,
                ServiceTarget.parse(service, "shop"),
                new KubernetesLoop(clock, clock::nanoTime, new Random(1)),
                rules,
                new RegistryObserver() {
                    @Override
                    public void recordSkipped(String of) {
                        skipped++;
                    }
                },
                deregistered::add,
                preferIpv6);
    }

    private void put(SliceBuilder slice) {
        JsonObject json = slice.json();
        json.getAsJsonObject("metadata").addProperty("resourceVersion", "1");
        try {
            table.put(((SliceJson.Event.Put)
                            SliceJson.event(FakeCluster.event("ADDED", json).toString()))
                    .slice());
        } catch (MalformedAnswerException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void saysWhichEntriesAreNotUsedAndWhy() {
        table = table("greeter", new AddressRules(List.of(Cidr.parse("10.0.0.0/24")), List.of(), false), false);
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1").ready("10.9.0.1", "p2"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090");
        assertThat(table.unused().some()).singleElement().satisfies(each -> {
            assertThat(each.key()).isEqualTo("shop/a 10.9.0.1");
            assertThat(each.cause()).isEqualTo(UnusedRecords.Cause.REFUSED);
            assertThat(each.detail()).contains("10.9.0.1", "expected");
        });
        table.replace(List.of(), List.of("b: endpoints: none"));
        assertThat(addresses()).isEmpty();
        assertThat(table.unused().some()).extracting("detail").containsExactly("b: endpoints: none");
        table.replace(List.of(), List.of());
        assertThat(table.unused()).isEqualTo(UnusedRecords.NONE);
    }

    private List<String> addresses() {
        return table.listed().stream()
                .map(endpoint -> endpoint.address() + (endpoint.state() == Endpoint.State.DRAINING ? " drains" : ""))
                .toList();
    }

    @Test
    void anEndpointSaysWhoAndWhereItIs() {
        put(SliceBuilder.grpc("a", "greeter", 9090)
                .ready("10.0.0.1", "greeter-1")
                .with("zone", "eu-1a")
                .with("nodeName", "worker-1"));
        assertThat(table.listed())
                .containsExactly(Endpoint.builder("greeter", "10.0.0.1", 9090)
                        .id("greeter-1")
                        .zone("eu-1a")
                        .metadata(Map.of("node", "worker-1"))
                        .key("shop/greeter-1")
                        .build());
    }

    @Test
    void oneWithoutAPodIsKnownByItsHostNameOrNotAtAll() {
        put(SliceBuilder.grpc("a", "greeter", 9090)
                .endpoint("10.0.0.1", null)
                .with("hostname", "old-1")
                .endpoint("10.0.0.2", null));
        assertThat(table.listed()).extracting(Endpoint::id).containsExactly(null, "old-1");
        assertThat(table.listed()).extracting(Endpoint::key).containsExactly("shop/10.0.0.2", "shop/old-1");
    }

    @Test
    void mergesSlicesAndKeepsWhoIsInTwo() {
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1").ready("10.0.0.3", "p3"));
        put(SliceBuilder.grpc("b", "greeter", 9090).ready("10.0.0.2", "p2").ready("10.0.0.3", "p3"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090", "10.0.0.2:9090", "10.0.0.3:9090");
        table.remove("a");
        assertThat(addresses()).containsExactly("10.0.0.2:9090", "10.0.0.3:9090");
        table.replace(List.of(), List.of());
        assertThat(addresses()).isEmpty();
    }

    @Test
    void ofTwoEntriesForOneAddressTheOneThatTakesCallsCounts() {
        put(SliceBuilder.grpc("a", "greeter", 9090).terminating("10.0.0.1", "p1", true));
        put(SliceBuilder.grpc("b", "greeter", 9090).ready("10.0.0.1", "p1"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090");
        table.remove("b");
        assertThat(addresses()).containsExactly("10.0.0.1:9090 drains");
    }

    @Test
    void leavesOutWhoIsNotReady() {
        put(SliceBuilder.grpc("a", "greeter", 9090)
                .ready("10.0.0.1", "p1")
                .notReady("10.0.0.2", "p2")
                .terminating("10.0.0.3", "p3", true)
                .terminating("10.0.0.4", "p4", false));
        assertThat(addresses()).containsExactly("10.0.0.1:9090", "10.0.0.3:9090 drains");
    }

    @Test
    void aPodWithTwoFamiliesIsOneEndpoint() {
        SliceBuilder four =
                SliceBuilder.grpc("b4", "greeter", 9090).ready("10.0.0.1", "p1").ready("10.0.0.2", "p2");
        SliceBuilder six = SliceBuilder.grpc("a6", "greeter", 9090)
                .type("IPv6")
                .ready("fd00::1", "p1")
                .ready("fd00::2", "p2")
                .ready("fd00::3", "p3");
        put(six);
        put(four);
        assertThat(addresses()).containsExactly("10.0.0.1:9090", "10.0.0.2:9090", "[fd00::3]:9090");
        table = table("greeter", AddressRules.DEFAULT, true);
        put(four);
        put(six);
        assertThat(addresses()).containsExactly("[fd00::1]:9090", "[fd00::2]:9090", "[fd00::3]:9090");
    }

    @Test
    void usesTheOtherFamilyWhereTheFirstIsNotAllowed() {
        table = table("greeter", new AddressRules(List.of(Cidr.parse("fd00::/8")), List.of(), true), false);
        put(SliceBuilder.grpc("a4", "greeter", 9090).ready("10.0.0.1", "p1"));
        put(SliceBuilder.grpc("a6", "greeter", 9090).type("IPv6").ready("FD00::1", "p1"));
        assertThat(addresses()).containsExactly("[fd00::1]:9090");
    }

    @Test
    void takesHostNames() {
        put(SliceBuilder.grpc("a", "greeter", 9090).type("FQDN").endpoint("Legacy.Example.com", null));
        assertThat(addresses()).containsExactly("legacy.example.com:9090");
    }

    @ParameterizedTest
    @CsvSource({
        // what the target wants, what is called
        "greeter, ''",
        "greeter:grpc, 10.0.0.1:9090",
        "greeter:9090, 10.0.0.1:9090",
        "greeter:metrics, 10.0.0.1:9100",
        "greeter:9100, 10.0.0.1:9100",
        "greeter:dns, ''",
        "greeter:80, ''"
    })
    void callsThePortOfTheTarget(String service, String called) {
        table = table(service, AddressRules.DEFAULT, false);
        put(SliceBuilder.slice("a", "greeter")
                .port("grpc", 9090)
                .port("metrics", 9100)
                .port(udp("dns", 53))
                .ready("10.0.0.1", "p1"));
        assertThat(String.join(" ", addresses())).isEqualTo(called);
        assertThat(table.problem() == null).isEqualTo(!called.isEmpty());
    }

    @Test
    void theOnlyTcpPortNeedsNoName() {
        put(SliceBuilder.slice("a", "greeter")
                .port(udp("dns", 53))
                .port("", 9090)
                .ready("10.0.0.1", "p1"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090");
        assertThat(table.problem()).isNull();
    }

    /** As while pods are replaced by others whose container port of that name has another number. */
    @Test
    void onePortMayHaveSeveralNumbers() {
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1"));
        put(SliceBuilder.grpc("b", "greeter", 9091).ready("10.0.0.2", "p2"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090", "10.0.0.2:9091");
    }

    @Test
    void aNumberIsRightWhereTheServiceHasNoPorts() {
        put(SliceBuilder.slice("a", "greeter").ready("10.0.0.1", "p1"));
        assertThat(addresses()).isEmpty();
        assertThat(table.problem()).contains("have no TCP port; write k8s:///greeter.shop:port");
        table = table("greeter:9090", AddressRules.DEFAULT, false);
        put(SliceBuilder.slice("a", "greeter").ready("10.0.0.1", "p1"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090");
    }

    @Test
    void saysWhichPortsThereAre() {
        table = table("greeter:80", AddressRules.DEFAULT, false);
        put(SliceBuilder.slice("a", "greeter")
                .port("grpc", 9090)
                .port("metrics", 9100)
                .ready("10.0.0.1", "p1"));
        assertThat(table.problem())
                .isEqualTo(
                        "Service shop/greeter: its EndpointSlices have the TCP ports grpc=9090, metrics=9100, and none"
                                + " that is '80'; write k8s:///greeter.shop:port, with a name of theirs or the number at which the"
                                + " pods listen");
    }

    /** Kubernetes leaves one slice with neither ports nor endpoints. */
    @Test
    void aServiceScaledToZeroHasNoProblem() {
        put(SliceBuilder.slice("a", "greeter").withNulls());
        assertThat(table.problem()).isNull();
        assertThat(addresses()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "IPv4, 0.0.0.0",
        "IPv4, 169.254.169.254",
        "IPv4, 224.0.0.1",
        "IPv4, 10.0.0.256",
        "IPv4, 010.0.0.1",
        "IPv4, 10.0.0.01",
        "IPv4, 2130706433",
        "IPv4, fd00::1",
        "IPv4, greeter.example.com",
        "IPv4, ''",
        "IPv6, ::",
        "IPv6, fe80::1%eth0",
        "IPv6, fe80::1",
        "IPv6, 10.0.0.1",
        "IPv6, fd00::1::2",
        "FQDN, 127.1",
        "FQDN, 0x7f000001",
        "FQDN, a..b",
        "FQDN, a/b",
        "FQDN, 10.0.0.1",
        "Unix, /run/greeter"
    })
    @ExtendWith(CapturedLog.Extension.class)
    void anAddressThatIsNotAllowedHidesNoOther(String type, String address, CapturedLog output) {
        put(SliceBuilder.grpc("a", "greeter", 9090).type(type).endpoint(address, null));
        put(SliceBuilder.grpc("b", "greeter", 9090).ready("10.0.0.2", "p2"));
        assertThat(addresses()).containsExactly("10.0.0.2:9090");
        assertThat(addresses()).containsExactly("10.0.0.2:9090");
        assertThat(skipped).isEqualTo(1);
        assertThat(output).containsOnlyOnce("greeter: skipped in the EndpointSlices of Service shop/greeter: a: ");
    }

    @Test
    void reusesWhatDidNotChange() {
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1").ready("10.0.0.2", "p2"));
        List<Endpoint> first = table.listed();
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1"));
        put(SliceBuilder.grpc("b", "greeter", 9090).ready("10.0.0.2", "p2").with("zone", "z2"));
        List<Endpoint> second = table.listed();
        assertThat(second.get(0)).isSameAs(first.get(0));
        assertThat(second.get(1).zone()).isEqualTo("z2");
    }

    @Test
    void saysWhoLeftOnPurpose() {
        put(SliceBuilder.grpc("a", "greeter", 9090)
                .ready("10.0.0.1", "p1")
                .ready("10.0.0.2", "p2")
                .ready("10.0.0.3", "p3")
                .ready("10.0.0.4", "p4"));
        table.listed();
        put(SliceBuilder.grpc("a", "greeter", 9090)
                .terminating("10.0.0.1", "p1", true)
                .terminating("10.0.0.2", "p2", false)
                .notReady("10.0.0.3", "p3")
                .ready("10.0.0.4", "p4"));
        assertThat(addresses()).containsExactly("10.0.0.1:9090 drains", "10.0.0.4:9090");
        assertThat(deregistered).extracting(Endpoint::host).containsExactly("10.0.0.2");
        assertThat(deregistered).extracting(Endpoint::state).containsExactly(Endpoint.State.DRAINING);
    }

    @Test
    void saysWhoLeftOnPurposeThoughNoListShowedIt() {
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1").ready("10.0.0.2", "p2"));
        table.listed();
        put(SliceBuilder.grpc("a", "greeter", 9090)
                .terminating("10.0.0.1", "p1", true)
                .ready("10.0.0.2", "p2"));
        put(SliceBuilder.grpc("a", "greeter", 9090));
        assertThat(addresses()).isEmpty();
        assertThat(deregistered).extracting(Endpoint::host).containsExactly("10.0.0.1");
    }

    @Test
    void anAddressThatIsUsedAgainHasNotLeft() {
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p1"));
        table.listed();
        put(SliceBuilder.grpc("a", "greeter", 9090).terminating("10.0.0.1", "p1", true));
        put(SliceBuilder.grpc("a", "greeter", 9090).ready("10.0.0.1", "p9"));
        assertThat(table.listed()).extracting(Endpoint::id).containsExactly("p9");
        table.remove("a");
        table.listed();
        assertThat(deregistered).isEmpty();
    }

    private static JsonObject udp(String name, int number) {
        JsonObject port = new JsonObject();
        port.addProperty("name", name);
        port.addProperty("protocol", "UDP");
        port.addProperty("port", number);
        return port;
    }
}
