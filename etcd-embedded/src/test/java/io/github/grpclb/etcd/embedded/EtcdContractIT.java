package io.github.grpclb.etcd.embedded;

import io.github.grpclb.testing.EtcdServer;
import io.github.grpclb.testing.EtcdServers;
import java.net.URI;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** What this project takes for granted of etcd, shown on a real one and on the embedded one. */
class EtcdContractIT {

    @Nested
    class OfRealEtcd {

        private static EtcdServer server;

        @BeforeAll
        static void start() {
            server = EtcdServers.start();
        }

        @AfterAll
        static void stop() {
            if (server != null) {
                server.close();
            }
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
    }

    @Nested
    class OfEmbeddedEtcd {

        private static EmbeddedEtcd server;

        @BeforeAll
        static void start() {
            server = EmbeddedEtcd.start("127.0.0.1", 0);
        }

        @AfterAll
        static void stop() {
            server.close();
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
    }
}
