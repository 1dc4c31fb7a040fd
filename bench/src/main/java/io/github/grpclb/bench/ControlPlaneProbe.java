package io.github.grpclb.bench;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.xds.XdsControlPlane;
import io.github.grpclb.xds.ads.XdsObserver;
import io.github.grpclb.xds.config.XdsOptions;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A control plane in a JVM of its own, over a registry of its own: says its port, and then changes a service ({@code change 7}) or says what
 * it came to ({@code state}) as it is told, until its input ends.
 */
final class ControlPlaneProbe {

    private ControlPlaneProbe() {}

    /** Takes the number of services and of endpoints each. */
    public static void main(String[] arguments) throws IOException {
        Registry registry = new Registry(Integer.parseInt(arguments[0]), Integer.parseInt(arguments[1]));
        XdsControlPlane controlPlane = new XdsControlPlane(registry, XdsOptions.DEFAULT, XdsObserver.NONE);
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        controlPlane.services().forEach(builder::addService);
        Server server = builder.build().start();
        System.out.println(server.getPort());
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            if (line.startsWith("change ")) {
                registry.change(Integer.parseInt(line.substring("change ".length())));
            } else {
                System.gc();
                System.gc();
                System.out.println(controlPlane.openStreams() + " "
                        + ManagementFactory.getMemoryMXBean()
                                .getHeapMemoryUsage()
                                .getUsed() + " "
                        + ManagementFactory.getThreadMXBean().getThreadCount());
            }
        }
        server.shutdownNow();
        controlPlane.close();
    }

    static String service(int number) {
        return "service-" + number;
    }

    /** Services of which each change makes one server weigh one more. */
    private static final class Registry implements EndpointSource {

        private final Map<String, List<Endpoint>> lists = new HashMap<>();
        private final Map<String, EndpointListener> listeners = new HashMap<>();
        private int changes;

        Registry(int services, int endpoints) {
            for (int i = 0; i < services; i++) {
                List<Endpoint> list = new ArrayList<>();
                for (int j = 0; j < endpoints; j++) {
                    list.add(Endpoint.builder(service(i), "10." + i + "." + j / 250 + "." + (j % 250 + 1), 9090)
                            .id(service(i) + "-" + j)
                            .zone("zone-" + j % 3)
                            .startedAt(1)
                            .build());
                }
                lists.put(service(i), list);
            }
        }

        synchronized void change(int number) {
            List<Endpoint> list = new ArrayList<>(lists.get(service(number)));
            int which = changes++ % list.size();
            list.set(which, list.get(which).toBuilder().weight(1 + changes).build());
            lists.put(service(number), list);
            tell(service(number));
        }

        private void tell(String service) {
            EndpointListener listener = listeners.get(service);
            List<Endpoint> list = lists.get(service);
            if (listener != null && list != null) {
                listener.onEndpoints(new EndpointSnapshot(service, changes, list));
            }
        }

        @Override
        public synchronized Subscription subscribe(String service, EndpointListener listener) {
            listeners.put(service, listener);
            tell(service);
            return new Subscription() {
                @Override
                public void refresh() {}

                @Override
                public void close() {
                    synchronized (Registry.this) {
                        listeners.remove(service, listener);
                    }
                }
            };
        }

        @Override
        public void close() {}
    }
}
