package io.github.grpclb.sample.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XdsOptionsTest {

    @Test
    void dialsTheSampleServersThroughALocalControlPlaneByDefault() {
        XdsOptions options = XdsOptions.parse();

        assertThat(options.target()).isEqualTo("xds:///grpclb_test2");
        assertThat(options.xds()).isEqualTo("127.0.0.1:18000");
        assertThat(options.load().calls()).isEqualTo(20);
    }

    @Test
    void writesTheBootstrap() {
        XdsOptions options = XdsOptions.parse("--target=xds:///greeter", "--xds=10.0.0.1:7", "--node=n", "--zone=z1");

        assertThat(options.target()).isEqualTo("xds:///greeter");
        assertThat(JsonParser.parseString(options.bootstrap())).isEqualTo(JsonParser.parseString("""
                {
                  "xds_servers": [
                    {
                      "server_uri": "10.0.0.1:7",
                      "channel_creds": [{"type": "insecure"}],
                      "server_features": ["xds_v3", "ignore_resource_deletion"]
                    }
                  ],
                  "node": {"id": "n", "locality": {"zone": "z1"}}
                }
                """));
        assertThat(XdsOptions.parse().bootstrap()).doesNotContain("locality");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --policy=random             | unknown option --policy=random
                    --grpc.lb.policy=random     | unknown option --grpc.lb.policy=random
                    --xds=18000                 | --xds=18000 (expected: host:port)
                    --xds=http://127.0.0.1:1    | --xds=http://127.0.0.1:1 (expected: host:port)
                    --target=greeter            | --target=greeter (expected: xds:///service)
                    --target=xds:///            | --target=xds:/// (expected: xds:///service)
                    --calls=0                   | --calls=0 (expected: a whole number, 1 or more)
                    """)
    void saysWhatWasExpected(String arg, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> XdsOptions.parse(arg))
                .withMessage(message);
    }
}
