package io.github.grpclb.xds.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XdsOptionsTest {

    @Test
    void wantsLoadReportsOnlyWhereThatIsSaid() {
        assertThat(XdsOptions.DEFAULT.loadReportInterval()).isNull();
        XdsOptions options = XdsOptions.DEFAULT
                .withLoadReports(Duration.ofMinutes(1))
                .withService("greeter", ServiceSettings.DEFAULT.withCalls(1, null, null));
        assertThat(options.loadReportInterval()).isEqualTo(Duration.ofMinutes(1));
        assertThat(options.settings().apply("greeter").maxRequests()).isOne();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT1S", "PT1H"})
    void takesIntervalsOfReports(Duration interval) {
        assertThat(XdsOptions.DEFAULT.withLoadReports(interval).loadReportInterval())
                .isEqualTo(interval);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT0.999S", "PT1H0.001S"})
    void refusesOtherIntervals(Duration interval) {
        assertThatThrownBy(() -> XdsOptions.DEFAULT.withLoadReports(interval))
                .isInstanceOf(IllegalValueException.class)
                .hasMessage("loadReportInterval: " + interval + " (expected: PT1S to PT1H)");
    }
}
