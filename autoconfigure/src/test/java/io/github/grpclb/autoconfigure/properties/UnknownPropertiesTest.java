package io.github.grpclb.autoconfigure.properties;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.Similar;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class UnknownPropertiesTest {

    @ParameterizedTest
    @CsvSource({
        "grpc.lb.polcy,                          grpc.lb.policy",
        "grpc.lb.registration.wieght,            grpc.lb.registration.weight",
        "grpc.lb.clients.greeter.plicy,          grpc.lb.clients.greeter.policy",
        "grpc.lb.clients.greeter.services,       grpc.lb.clients.greeter.service",
        "grpc.lb.client.greeter.service,         grpc.lb.clients.greeter.service",
        "grpc.lb.endpoints,                      grpc.lb.etcd.endpoints",
        "grpc.lb.etcd.endpoint[0],               grpc.lb.etcd.endpoints",
        "grpc.lb.outlier-detection.intervall,    grpc.lb.outlier-detection.interval",
        "grpc.lb.tags[0].keys,                   'grpc.lb.tags[0].key'",
        "grpc.lb.slow-start.window.seconds,      grpc.lb.slow-start.window",
        "grpc.lb.statics.greeter,                grpc.lb.static.greeter",
        "grpc.lb.registration.metadta.a.b,        grpc.lb.registration.metadata.a.b"
    })
    void namesThePropertyThatMayHaveBeenMeant(String written, String meant) {
        assertThat(find(source(Map.of(written, "canary"))))
                .singleElement()
                .asString()
                .startsWith("There is no property " + written)
                .endsWith("it is ignored; did you mean " + meant + "?")
                .doesNotContain("canary");
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpc.lb.xyz", "grpc.lb.registration.qqqqqqqqqq", "grpc.lb.clients.greeter.colour.of.it"})
    void namesNoneWhereNothingIsNear(String written) {
        assertThat(find(source(Map.of(written, "")))).singleElement().asString().endsWith("it is ignored");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "grpc.lb.registration.metadata.team",
                "grpc.lb.registration.metadata.a.b",
                "grpc.lb.registration.metadata[a/b]",
                "grpc.lb.clients.greeter.outlierDetection.baseEjectionTime",
                "grpc.lb.clients[user.rpc].service",
                "grpc.lb.clients.greeter",
                "grpc.lb.tags[0].split[a:b]",
                "grpc.lb.clients.greeter.tags[3].key",
                "grpc.lb.static.user.rpc",
                "grpc.lb.static[user.rpc][1]",
                "grpc.lb.etcd.allowed_cidrs",
                "grpc.lbs.polcy",
                "grpc.client.greeter.addres"
            })
    void takesWhatIsBoundForKnown(String written) {
        assertThat(find(source(Map.of(written, "x")))).isEmpty();
    }

    @Test
    void knowsAllThatTheMetadataKnows() {
        Map<String, Object> all = new HashMap<>();
        ConfigurationMetadata.properties()
                .forEach(property -> all.put(property.get("name").getAsString(), ""));
        all.remove("grpc.lb.service"); // one of a single client's
        assertThat(all).hasSizeGreaterThan(50);
        assertThat(find(source(all))).isEmpty();
        Map<String, Object> variables = new HashMap<>();
        all.keySet().forEach(name -> {
            String upper = name.toUpperCase(java.util.Locale.ROOT).replace('.', '_');
            variables.put(upper.replace("-", ""), "");
            variables.put(upper.replace('-', '_'), "");
        });
        assertThat(find(variables(variables))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "GRPC_LB_CLIENTS_USER_SERVICE_SERVICE, grpc.lb.clients.user.service.service, GRPC_LB_CLIENTS_USERSERVICE_SERVICE",
        "GRPC_LB_CLIENTS_MY_USER_SERVICE_POLICY, grpc.lb.clients.my.user.service.policy, GRPC_LB_CLIENTS_MYUSERSERVICE_POLICY",
        "GRPC_LB_POLCY, grpc.lb.polcy, grpc.lb.policy"
    })
    void knowsHowVariablesAreWritten(String variable, String name, String meant) {
        assertThat(find(variables(Map.of(variable, "x"))))
                .singleElement()
                .asString()
                .contains("There is no property " + name, "did you mean " + meant + "?");
        assertThat(find(variables(Map.of(
                        "GRPC_LB_CLIENTS_USERSERVICE_SERVER_ID_MODE", "strict",
                        "GRPC_LB_CLIENTS_USERSERVICE_SERVERID_HEADER", "x",
                        "GRPC_LB_STATIC_USERSERVICE", "a:1",
                        "GRPC_LB_ETCD_ENDPOINTS_0_", "http://a:1",
                        "GRPC_LB_REGISTRATION_METADATA_TEAM", "x"))))
                .isEmpty();
    }

    @Test
    void saysItOnceOfAPropertyInTwoSources() {
        assertThat(find(source(Map.of("grpc.lb.polcy", "a")), variables(Map.of("GRPC_LB_POLCY", "b"))))
                .hasSize(1);
    }

    @Test
    void measuresHowFarNamesAreApart() {
        assertThat(Similar.distance("", "abc")).isEqualTo(3);
        assertThat(Similar.distance("policy", "polcy")).isEqualTo(1);
        assertThat(Similar.distance("kitten", "sitting")).isEqualTo(3);
    }

    private static Collection<String> find(PropertySource<?>... sources) {
        StandardEnvironment environment = new StandardEnvironment();
        for (PropertySource<?> source : sources) {
            environment.getPropertySources().addFirst(source);
        }
        return UnknownProperties.find(environment).values();
    }

    private static PropertySource<?> source(Map<String, Object> properties) {
        return new MapPropertySource("file", properties);
    }

    private static PropertySource<?> variables(Map<String, Object> variables) {
        return new SystemEnvironmentPropertySource("test-systemEnvironment", variables);
    }
}
