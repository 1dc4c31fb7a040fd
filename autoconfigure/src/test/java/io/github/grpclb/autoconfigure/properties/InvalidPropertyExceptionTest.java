package io.github.grpclb.autoconfigure.properties;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class InvalidPropertyExceptionTest {

    @Test
    @FaultRow(49)
    void showsTimesThatSpringCannotWrite() {
        assertThat(InvalidPropertyException.shown(Duration.ofSeconds(Long.MIN_VALUE)))
                .startsWith("PT-");
        assertThat(InvalidPropertyException.shown(Duration.ofSeconds(59))).isEqualTo("59000ms");
    }
}
