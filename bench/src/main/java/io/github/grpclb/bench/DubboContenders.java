package io.github.grpclb.bench;

import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.dubbo.common.URL;
import org.apache.dubbo.rpc.Invocation;
import org.apache.dubbo.rpc.Invoker;
import org.apache.dubbo.rpc.Result;
import org.apache.dubbo.rpc.RpcInvocation;
import org.apache.dubbo.rpc.cluster.LoadBalance;

/** What Apache Dubbo brings. It computes weights at each pick. */
final class DubboContenders {

    private static final String SERVICE = "bench.Service";

    private DubboContenders() {}

    static IntFunction<Contender> of(LoadBalance balance, boolean weighted) {
        return size -> {
            List<Invoker<Object>> servers = IntStream.range(0, size)
                    .<Invoker<Object>>mapToObj(i -> new Server(url(i, weighted ? Fleet.weight(i) : 1)))
                    .toList();
            URL url = url(0, 1);
            Invocation[] calls = IntStream.range(0, Keys.COUNT)
                    .mapToObj(DubboContenders::call)
                    .toArray(Invocation[]::new);
            return turn -> balance.select(servers, url, calls[Keys.user(turn)]);
        };
    }

    private static URL url(int index, int weight) {
        return URL.valueOf(
                "tri://" + Fleet.host(index) + ":" + Fleet.port(index) + "/" + SERVICE + "?weight=" + weight);
    }

    private static Invocation call(int user) {
        return new RpcInvocation("say", SERVICE, SERVICE, new Class<?>[] {String.class}, new Object[] {Keys.key(user)});
    }

    private record Server(URL url) implements Invoker<Object> {

        @Override
        public URL getUrl() {
            return url;
        }

        @Override
        public Class<Object> getInterface() {
            return Object.class;
        }

        @Override
        public Result invoke(Invocation call) {
            throw new UnsupportedOperationException("only picked");
        }

        @Override
        public boolean isAvailable() {
            return true;
        }

        @Override
        public void destroy() {}
    }
}
