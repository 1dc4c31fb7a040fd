package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.policy.Candidate;
import io.github.grpclb.policy.ConfigFields;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.PolicyFactory;
import io.github.grpclb.policy.PolicyTable;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** The options of a user's own policies, from properties to the factory. */
class WrittenOptionsTest {

    private final PolicyTable policies =
            Policies.with(List.of(new Shared()), List.of(new NearestFactory(), new Tried()));

    @Test
    void aPolicyGetsItsOptions() {
        ClientServiceConfig config = config(Map.of(
                "grpc.lb.policy", "nearest",
                "grpc.lb.policy-options.nearest.zone", "z1",
                "grpc.lb.policy-options.nearest.min-ready", "3",
                "grpc.lb.policy-options.tried.decay", "500ms"));
        config.requireValid();
        assertThat(config.balancer().options()).isEqualTo(Map.of("zone", "z1", "minReady", "3"));
        assertThat(policies.create("nearest", config.balancer().options())).hasToString("Nearest[zone=z1, minReady=3]");
    }

    @Test
    void aClientsOptionsGoBeforeThoseOfAllOptionByOption() {
        ClientServiceConfig config = config(Map.of(
                "grpc.lb.policy", "nearest",
                "grpc.lb.policy-options.nearest.zone", "z1",
                "grpc.lb.policy-options.nearest.min-ready", "3",
                "grpc.lb.clients.greeter.policy-options.nearest.minReady", "4"));
        config.requireValid();
        assertThat(config.balancer().options()).isEqualTo(Map.of("zone", "z1", "minReady", "4"));
    }

    @Test
    void optionsAreReadAsTextToo() {
        ClientServiceConfig config = config(Map.of(
                "grpc.lb.policy", "tried",
                "grpc.lb.policy-options.tried.decay", "2m",
                "grpc.lb.policy-options.tried.factor", "1.5",
                "grpc.lb.policy-options.tried.eager", "TRUE"));
        config.requireValid();
        assertThat(policies.create("tried", config.balancer().options()))
                .isEqualTo(new Tried.Made(Duration.ofMinutes(2), 1.5, true));
    }

    @Test
    void environmentVariablesGoBefore() {
        MutablePropertySources sources = new MutablePropertySources();
        sources.addLast(new SystemEnvironmentPropertySource(
                "systemEnvironment",
                Map.of(
                        "GRPC_LB_POLICYOPTIONS_NEAREST_MINREADY", "5",
                        "GRPC_LB_CLIENTS_GREETER_POLICYOPTIONS_NEAREST_ZONE", "z2")));
        sources.addLast(new MapPropertySource(
                "file",
                Map.of(
                        "grpc.lb.policy", "nearest",
                        "grpc.lb.policy-options.nearest.zone", "z1",
                        "grpc.lb.policy-options.nearest.min-ready", "3")));
        ClientServiceConfig config = config(new Binder(ConfigurationPropertySources.from(sources)));
        config.requireValid();
        assertThat(config.balancer().options()).isEqualTo(Map.of("zone", "z2", "minReady", "5"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "null", textBlock = """
            nearest.zoen=z1           | nearest.zoen               | z1   | one of the options of the policy nearest: min-ready, zone
            nearest.min-ready=0       | nearest.min-ready          | 0    | a whole number from 1 to 100
            nearest.min-ready=many    | nearest.min-ready          | many | a whole number from 1 to 100
            tried.decay=soon          | tried.decay                | soon | a duration from
            tried.eager=perhaps       | tried.eager                | perhaps | true or false
            naerest.zone=z1           | naerest.zone               | z1   | an option of one of the policies consistent_hash
            shared.zone=z1            | shared.zone                | z1   | no options: the policy shared takes none
            random.zone=z1            | random.zone                | z1   | no options: the policy random takes none
            least_request.choice-count=3 | least_request.choice-count | 3 | least-request
            """)
    @FaultRow(49)
    void namesThePropertyOfWhatNoPolicyTakes(String property, String name, String value, String expected) {
        String[] parts = property.split("=");
        for (String prefix : List.of("grpc.lb.", "grpc.lb.clients.greeter.")) {
            Map<String, String> set = new HashMap<>(Map.of(prefix + "policy-options." + parts[0], parts[1]));
            set.putIfAbsent(prefix + "policy-options.nearest.zone", "z0");
            assertRefused(config(set), prefix + "policy-options." + name, value, expected);
        }
    }

    @Test
    @FaultRow(49)
    void namesThePropertyOfAnOptionThatIsMissing() {
        assertRefused(
                config(Map.of("grpc.lb.policy", "nearest")), "grpc.lb.policy-options.nearest.zone", null, "a zone");
        assertRefused(
                config(Map.of(
                        "grpc.lb.policy", "nearest", "grpc.lb.clients.greeter.policy-options.nearest.min-ready", "2")),
                "grpc.lb.clients.greeter.policy-options.nearest.zone",
                null,
                "a zone");
    }

    @Test
    @FaultRow(49)
    void namesThePolicyWhoseFactoryThrowsSomethingElse() {
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> config(Map.of("grpc.lb.policy-options.tried.factor", "13"))
                        .requireValid())
                .satisfies(e -> {
                    assertThat(e.property()).isEqualTo("grpc.lb.policy-options.tried");
                    assertThat(e.value()).isEqualTo("{factor=13}");
                    assertThat(e.expected()).contains("tried");
                })
                .withCauseInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "shared"})
    void aFactoryCannotHaveANameThatIsTaken(String name) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Policies.with(List.of(new Shared()), List.of(new Named(name))))
                .withMessageContaining("'" + name + "'")
                .withMessageContaining(Named.class.getName())
                .withMessageContaining(name.equals("random") ? "a built-in policy" : Shared.class.getName());
    }

    private static void assertRefused(ClientServiceConfig config, String property, String value, String expected) {
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(config::requireValid)
                .satisfies(e -> {
                    assertThat(e.property()).isEqualTo(property);
                    assertThat(e.value()).isEqualTo(value);
                    assertThat(e.expected()).contains(expected);
                });
    }

    private ClientServiceConfig config(Map<String, String> properties) {
        MutablePropertySources sources = new MutablePropertySources();
        sources.addLast(new MapPropertySource("test", Map.copyOf(properties)));
        return config(new Binder(ConfigurationPropertySources.from(sources)));
    }

    private ClientServiceConfig config(Binder binder) {
        ClientProperties own = binder.bindOrCreate("grpc.lb.clients.greeter", ClientProperties.class);
        ClientProperties all = binder.bindOrCreate("grpc.lb", ClientProperties.class);
        return new ClientServiceConfig("grpc.lb.clients.greeter.", own, all, policies);
    }

    private static final class Shared implements Policy {

        @Override
        public String name() {
            return "shared";
        }

        @Override
        public Picker picker(List<Candidate> known, List<Candidate> ready) {
            return call -> ready.get(0);
        }
    }

    private record Named(String name) implements PolicyFactory {

        @Override
        public Policy create(ConfigFields options) {
            return new Shared();
        }
    }

    /** Reads options of every kind. */
    private static final class Tried implements PolicyFactory {

        @Override
        public String name() {
            return "tried";
        }

        @Override
        public Policy create(ConfigFields options) {
            Made made = new Made(
                    options.duration("decay", Duration.ofSeconds(10), Duration.ofMillis(1)),
                    options.number("factor", 1, 0, 100),
                    options.flag("eager", false));
            if (made.factor == 13) {
                throw new UnsupportedOperationException("on purpose");
            }
            return made;
        }

        private record Made(Duration decay, double factor, boolean eager) implements Policy {

            @Override
            public String name() {
                return "tried";
            }

            @Override
            public Picker picker(List<Candidate> known, List<Candidate> ready) {
                return call -> ready.get(0);
            }
        }
    }
}
