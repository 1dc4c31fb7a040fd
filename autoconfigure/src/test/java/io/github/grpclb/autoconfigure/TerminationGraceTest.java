package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.server.Announcement;
import io.github.grpclb.server.DrainOptions;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.server.ServerTraffic;
import io.github.grpclb.test.FakeRegistry;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What is said of a server that has less time than its stop may take. */
class TerminationGraceTest {

    private final Map<String, String> properties = new HashMap<>();
    private final ServerLifecycle server = new ServerLifecycle(new FakeRegistry(), DrainOptions.DEFAULT);
    private @Nullable String variable;
    private @Nullable HostShutdownGrace host = new HostShutdownGrace("host.grace", Duration.ofSeconds(30));

    @Test
    void saysNothingWhereNothingIsTold() {
        started();
        assertThat(warnings()).isEmpty();
        variable = " ";
        assertThat(warnings()).isEmpty();
    }

    @Test
    void namesWhatAddsUp() {
        started();
        variable = "55";
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains(
                        "it has 55s (environment variable TERMINATION_GRACE_PERIOD_SECONDS)",
                        "may take 56s",
                        "grpc.lb.registration.drain.timeout 10s + grpc.lb.registration.drain.stream-grace 10s"
                                + " + twice grpc.lb.registration.withdraw-timeout 3s + host.grace 30s",
                        "preStop");
        variable = "56";
        assertThat(warnings()).isEmpty();
        host = null;
        variable = "25";
        assertThat(warnings()).singleElement().asString().contains("withdraw-timeout 3s. ");
        variable = "26";
        assertThat(warnings()).isEmpty();
    }

    @Test
    void thePropertyGoesBeforeTheVariable() {
        started();
        variable = "10";
        properties.put("termination-grace", "1m");
        assertThat(warnings()).isEmpty();
        properties.put("termination-grace", "0s");
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains("it has 0s (grpc.lb.registration.termination-grace)");
    }

    @Test
    void whatIsSwitchedOffDoesNotCount() {
        started();
        properties.put("drain.quiet-period", "0");
        properties.put("drain.stream-grace", "0");
        variable = "35";
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains(": twice grpc.lb.registration.withdraw-timeout 3s + host.grace 30s.");
        variable = "36";
        assertThat(warnings()).isEmpty();
    }

    @Test
    void aHostThatWaitsForEverIsNeverInTime() {
        started();
        host = new HostShutdownGrace("host.grace", Duration.ofSeconds(-1));
        variable = "1000000";
        assertThat(warnings()).singleElement().asString().contains("for ever: ", "host.grace without an end");
    }

    @Test
    void aProcessWithoutAServerIsNotMeant() {
        variable = "1";
        assertThat(warnings()).isEmpty();
        server.accepting(false); // as with when=ready
        started();
        assertThat(server.registrations()).isEmpty();
        assertThat(warnings()).hasSize(1);
        server.stopping();
        assertThat(warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "30s", "1.5", "$(GRACE)"})
    @FaultRow(49)
    void refusesWhatIsNoNumberOfSeconds(String value) {
        variable = value;
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::warnings)
                .withMessageStartingWith("TERMINATION_GRACE_PERIOD_SECONDS: " + value + " (expected: a whole number");
    }

    @Test
    @FaultRow(49)
    void refusesANegativeTime() {
        properties.put("termination-grace", "-1s");
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(this::warnings)
                .withMessageStartingWith("grpc.lb.registration.termination-grace: -1000ms (expected: 0 or more");
    }

    private void started() {
        server.started(Announcement.of("greeter", "127.0.0.1"), 9090, new ServerTraffic());
    }

    private Collection<String> warnings() {
        GrpcLbProperties.Registration registration = new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("", GrpcLbProperties.Registration.class);
        return new TerminationGrace(registration, variable, server, () -> host).warnings();
    }
}
