package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.MisleadingMachine;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;

/** A server on a machine with a virtual address on loopback, a container bridge, a floating address and two networks. */
@FaultRow({33, 34})
class MisleadingMachineIT {

    private static final String MACHINE = """
            ip addr add 203.0.113.9/32 dev lo
            ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up
            ip link add eth0 type veth peer name peer0 && ip link set peer0 up && ip link set eth0 up
            ip addr add 10.1.0.5/24 dev eth0 && ip addr add 10.1.0.100/32 dev eth0
            ip link add eth1 type veth peer name peer1 && ip link set peer1 up && ip link set eth1 up
            ip addr add 10.2.0.5/24 dev eth1
            """;

    @Test
    void aServerAnnouncesTheAddressThatEtcdSeesOrElseTheMachinesOwn() {
        assertThat(MisleadingMachine.run(
                        MACHINE,
                        Server.class,
                        "grpc.lb.etcd.endpoints=http://10.2.0.9:2379",
                        "grpc.lb.etcd.endpoints=http://no.such.name.invalid:2379,http://10.2.0.9:2379",
                        "grpc.lb.etcd.endpoints=http://127.0.0.1:2379",
                        "grpc.lb.etcd.endpoints=http://localhost:2379",
                        "grpc.lb.etcd.embedded.enabled=true",
                        "POD_IP=10.1.0.100",
                        "grpc.lb.registration.preferred-networks=172.16.0.0/12"))
                .containsExactly(
                        "10.2.0.5", "10.2.0.5", "10.1.0.5", "10.1.0.5", "10.1.0.5", "10.1.0.100", "172.17.0.1");
    }

    /** What runs there: says what it announces with each of the properties. */
    static final class Server {

        private Server() {}

        public static void main(String[] properties) {
            for (String property : properties) {
                try (ConfigurableApplicationContext server = TestApplications.server(
                        property, "grpc.server.address=*", "grpc.lb.registration.withdraw-timeout=100ms")) {
                    System.out.println(MisleadingMachine.ANSWER
                            + server.getBean(ServerLifecycle.class)
                                    .registration()
                                    .orElseThrow()
                                    .endpoint()
                                    .host());
                }
            }
        }
    }
}
