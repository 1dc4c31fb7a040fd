package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TestServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A prefix is what is written: none at all, one without a slash before it, one with. */
@FaultRow(47)
class PrefixIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdServer etcd = opened.add(EtcdServers.start());
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    /** The keys of go-zero, of Go's official naming package, and of Kratos. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''              | user.rpc | user.rpc/7587870129571459612   | 127.0.0.1:%d
            ''              | greeter  | greeter/10.0.0.1:8080          | {"Op":0,"Addr":"127.0.0.1:%d","Metadata":null}
            apps            | greeter  | apps/greeter/1                 | 127.0.0.1:%d
            /microservices  | greeter  | /microservices/greeter/9f1c    | {"id":"9f1c","endpoints":["grpc://127.0.0.1:%d"]}
            """)
    void reachesTheKeysOfOthers(String prefix, String service, String key, String record) throws Exception {
        try (TestServer theirs = TestServer.start("theirs")) {
            operator.put(key, record.formatted(theirs.port()));
            try (var client =
                    client(at, "grpc.lb.etcd.prefix=" + prefix, "grpc.lb.clients.greeter.service=" + service)) {
                assertThat(client.getBean(TestApplications.Caller.class).ask()).isEqualTo("theirs");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"'',greeter/", "apps,apps/greeter/", "/apps/,/apps/greeter/", "/,/greeter/"})
    void registersThere(String prefix, String below) {
        String written = "grpc.lb.etcd.prefix=" + prefix;
        opened.add(server(at, written, "grpc.lb.registration.id=a", "grpc.lb.registration.service=greeter"));
        var client = opened.add(client(at, written));
        assertThat(client.getBean(TestApplications.Caller.class).ask()).isEqualTo("a");
        assertThat(operator.all(below)).hasSize(1).allSatisfy((key, value) -> assertThat(key)
                .startsWith(below + "127.0.0.1:"));
    }

    /** Without a prefix too, nothing but the records of a service is read. */
    @Test
    void looksAtNoOtherKey() throws Exception {
        try (TestServer theirs = TestServer.start("theirs")) {
            operator.put("greeter/1", "127.0.0.1:" + theirs.port());
            operator.put("greeter", "127.0.0.1:1");
            operator.put("greeter2/1", "127.0.0.1:1");
            operator.put("a/greeter/1", "127.0.0.1:1");
            operator.put("/greeter/1", "127.0.0.1:1");
            try (var client = client(at, "grpc.lb.etcd.prefix=")) {
                for (int i = 0; i < 20; i++) {
                    assertThat(client.getBean(TestApplications.Caller.class).ask())
                            .isEqualTo("theirs");
                }
            }
        }
    }
}
