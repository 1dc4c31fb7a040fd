package io.github.grpclb.autoconfigure.devh;

import com.google.common.collect.ImmutableList;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.MethodDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import net.devh.boot.grpc.client.interceptor.GlobalClientInterceptorRegistry;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;

/**
 * Asks for the interceptors of all clients once the application's beans are made, or at the first call, if that comes before; net.devh
 * does when a channel is made. Those that measure and trace need registries, and these need whatever customizes them: a bean that does
 * and has a stub, and anything that has a channel made early, would find them half made. Thread-safe.
 */
final class LateInterceptors extends GlobalClientInterceptorRegistry implements SmartInitializingSingleton {

    private volatile boolean isAskedFor;

    LateInterceptors(ApplicationContext context) {
        super(context);
    }

    @Override
    public ImmutableList<ClientInterceptor> getClientInterceptors() {
        isAskedFor = true;
        return ImmutableList.of(new Late(this::interceptors));
    }

    /** What is wrong with them is to end the start. */
    @Override
    public void afterSingletonsInstantiated() {
        if (isAskedFor) {
            interceptors();
        }
    }

    /** Sorts those that are not known yet, and the others beside them, when they are. */
    @Override
    public void sortInterceptors(List<? extends ClientInterceptor> interceptors) {
        if (interceptors.stream().noneMatch(Late.class::isInstance)) {
            super.sortInterceptors(interceptors);
            return;
        }
        List<ClientInterceptor> unsorted = List.copyOf(interceptors);
        Late sorted = new Late(() -> sorted(unsorted));
        interceptors.clear();
        add(interceptors, sorted);
    }

    private List<ClientInterceptor> sorted(List<ClientInterceptor> unsorted) {
        List<ClientInterceptor> all = new ArrayList<>();
        unsorted.forEach(each -> all.addAll(each instanceof Late late ? late.interceptors.get() : List.of(each)));
        super.sortInterceptors(all);
        return all;
    }

    @SuppressWarnings("unchecked") // net.devh sorts lists that hold whatever interceptor there is
    private static void add(List<? extends ClientInterceptor> to, ClientInterceptor interceptor) {
        ((List<ClientInterceptor>) to).add(interceptor);
    }

    private synchronized ImmutableList<ClientInterceptor> interceptors() {
        return super.getClientInterceptors();
    }

    /** Stands for interceptors that are not known yet. One is made for each channel, or few. */
    private static final class Late implements ClientInterceptor {

        private final Supplier<? extends List<ClientInterceptor>> interceptors;
        private volatile @Nullable Intercepted last;

        Late(Supplier<? extends List<ClientInterceptor>> interceptors) {
            this.interceptors = interceptors;
        }

        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            Intercepted known = last;
            if (known == null || known.next != next) {
                known = new Intercepted(next, ClientInterceptors.interceptForward(next, interceptors.get()));
                last = known;
            }
            return known.channel.newCall(method, options);
        }
    }

    private record Intercepted(Channel next, Channel channel) {}
}
