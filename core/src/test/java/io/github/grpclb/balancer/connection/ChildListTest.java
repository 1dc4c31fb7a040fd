package io.github.grpclb.balancer.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.testing.FakeHelper;
import io.github.grpclb.testing.FaultRow;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChildListTest {

    private final FakeHelper helper = new FakeHelper();
    private final ChildList children = new ChildList(
            helper,
            new CallTracking(new EndpointLoads(), null, new LogLimit(System::nanoTime)),
            new ChildList.Listener() {
                @Override
                public void onChange() {}

                @Override
                public void onSuspectFailed() {}
            });

    @Test
    @FaultRow(38)
    void dialsTheNextListAtOnceWhereAllWereGivenUp() {
        update(1, 300);
        helper.inSyncContext(() -> children.clear().forEach(EndpointChild::shutdown));
        // of those given up the connections are remembered; nothing waits to connect
        assertThat(helper.clock().pending()).isEqualTo(1);
        update(401, 450);
        assertThat(helper.subchannels()).hasSize(ConnectPacer.AT_ONCE + 50);
    }

    private void update(int firstPort, int lastPort) {
        List<EquivalentAddressGroup> groups = IntStream.rangeClosed(firstPort, lastPort)
                .mapToObj(port -> new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", port)))
                .toList();
        helper.inSyncContext(() -> children.update(groups, null, Attributes.EMPTY));
    }
}
