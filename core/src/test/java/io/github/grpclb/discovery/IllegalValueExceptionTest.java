package io.github.grpclb.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class IllegalValueExceptionTest {

    @Test
    void saysNameValueAndExpectation() {
        IllegalValueException refusal = new IllegalValueException("port", 70_000, "1 to 65535");
        assertThat(refusal).hasMessage("port: 70000 (expected: 1 to 65535)").hasNoCause();
        assertThat(refusal.name()).isEqualTo("port");
        assertThat(refusal.value()).isEqualTo("70000");
        assertThat(refusal.expected()).isEqualTo("1 to 65535");
    }

    @Test
    void tellsTextFromWhatIsNoText() {
        assertThat(new IllegalValueException("window", "30", "a time")).hasMessage("window: '30' (expected: a time)");
        assertThat(new IllegalValueException("window", "null", "a time"))
                .hasMessage("window: 'null' (expected: a time)");
        assertThat(new IllegalValueException("window", null, "a time")).hasMessage("window: null (expected: a time)");
        assertThat(new IllegalValueException("window", Duration.ZERO, "a time"))
                .hasMessage("window: PT0S (expected: a time)");
        assertThat(new IllegalValueException("window", null, "a time").value()).isNull();
    }

    @Test
    void keepsValueAndExpectationUnderAnotherName() {
        IllegalValueException refusal = new IllegalValueException("key", "", "a key", new IllegalStateException());
        assertThat(refusal).hasCauseInstanceOf(IllegalStateException.class);
        IllegalValueException below = refusal.below("tags[0].");
        assertThat(below).hasMessage("tags[0].key: '' (expected: a key)").hasCause(refusal);
        assertThat(below.name()).isEqualTo("tags[0].key");
        assertThat(below.value()).isEmpty();
        assertThat(below.named("key-of-tag")).hasMessage("key-of-tag: '' (expected: a key)");
    }
}
