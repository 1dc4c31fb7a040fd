package io.github.grpclb.etcd.embedded;

import static org.junit.jupiter.api.Named.named;

import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import java.net.URI;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What this project takes for granted of etcd, shown on the embedded one and on a real one. */
@ParameterizedClass(name = "{0}")
@MethodSource("servers")
class EtcdContractIT {

    @Parameter
    private EtcdServer server;

    /** Each is started when its turn comes and closed after it; a real one may be missing, and comes last. */
    static Stream<Named<EtcdServer>> servers() {
        return Stream.<Named<Supplier<EtcdServer>>>of(
                        named("embedded", () -> new Embedded(EmbeddedEtcd.start("127.0.0.1", 0))),
                        named("real", EtcdServers::start))
                .map(each -> named(each.getName(), each.getPayload().get()));
    }

    @Nested
    class Kv extends KvContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    @Nested
    class Leases extends LeaseContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    @Nested
    class Watches extends WatchContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    @Nested
    class Locks extends LockContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    @Nested
    class Elections extends ElectionContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    @Nested
    class Maintenance extends MaintenanceContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    @Nested
    class Pings extends PingContract {
        @Override
        URI endpoint() {
            return server.endpoint();
        }
    }

    private record Embedded(EmbeddedEtcd etcd) implements EtcdServer {

        @Override
        public URI endpoint() {
            return etcd.endpoint();
        }

        @Override
        public void close() {
            etcd.close();
        }
    }
}
