package io.github.grpclb.sample.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {

    @Test
    void callsTwentyTimesOneAfterTheOtherByDefault() {
        Options options = Options.parse();

        assertThat(options.load().calls()).isEqualTo(20);
        assertThat(options.load().concurrency()).isEqualTo(1);
        assertThat(options.load().rate()).isZero();
        assertThat(options.load().rpc()).isEqualTo(Load.Rpc.SAY);
        assertThat(options.serverId()).isEmpty();
        assertThat(options.profiles()).isEmpty();
    }

    @Test
    void durationLiftsTheLimitOfCallsAndRateThatOfConcurrency() {
        Options options = Options.parse("--rate=500", "--duration=30s");

        assertThat(options.load().duration()).isEqualTo(Duration.ofSeconds(30));
        assertThat(options.load().calls()).isEqualTo(Long.MAX_VALUE);
        assertThat(options.load().concurrency()).isEqualTo(10_000);
    }

    @Test
    void soDoesAFileThatEndsIt() {
        Options options = Options.parse("--rate=500", "--until=/tmp/end");

        assertThat(options.load().until()).contains(Path.of("/tmp/end"));
        assertThat(options.load().calls()).isEqualTo(Long.MAX_VALUE);
        assertThat(Options.parse("--until=/tmp/end", "--calls=7").load().calls())
                .isEqualTo(7);
        assertThat(Options.parse().load().until()).isEmpty();
    }

    @Test
    void takesWhatIsGiven() {
        Options options = Options.parse(
                "--service=greeter",
                "--policy=random",
                "--server-id=1",
                "--calls=7",
                "--concurrency=4",
                "--deadline=250ms",
                "--warmup=0ms",
                "--wait-for-ready",
                "--rpc=health",
                "--quiet",
                "--json",
                "--grpc.lb.etcd.username=u");

        assertThat(options.serverId()).contains("1");
        assertThat(options.load().calls()).isEqualTo(7);
        assertThat(options.load().concurrency()).isEqualTo(4);
        assertThat(options.load().deadline()).isEqualTo(Duration.ofMillis(250));
        assertThat(options.load().warmup()).isZero();
        assertThat(options.load().rpc()).isEqualTo(Load.Rpc.HEALTH);
        assertThat(options.load().waitForReady()).isTrue();
        assertThat(options.load().quiet()).isTrue();
        assertThat(options.load().json()).isTrue();
    }

    @Test
    void someOptionsBringAProfile() {
        assertThat(Options.parse("--etcd=embedded", "--static=127.0.0.1:8009").profiles())
                .containsExactly("embedded-etcd", "static");
        assertThat(Options.parse("--etcd=http://127.0.0.1:2379").profiles()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --bogus=1       | unknown option --bogus=1
                    calls=1         | unknown option calls=1
                    --calls         | --calls (expected: --calls=…)
                    --quiet=yes     | --quiet=yes (expected: --quiet)
                    --calls=0       | --calls=0 (expected: a whole number, 1 or more)
                    --rate=1.5      | --rate=1.5 (expected: a whole number, 1 or more)
                    --concurrency=x | --concurrency=x (expected: a whole number, 1 or more)
                    --deadline=soon | --deadline=soon (expected: a time such as 500ms, 30s or 2m)
                    --deadline=250  | --deadline=250 (expected: a time such as 500ms, 30s or 2m)
                    --duration=-1s  | --duration=-1s (expected: a time such as 500ms, 30s or 2m)
                    --rpc=ask       | --rpc=ask (expected: say or health)
                    """)
    void saysWhatWasExpected(String arg, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Options.parse(arg))
                .withMessage(message);
    }
}
