package io.github.grpclb.autoconfigure;

import com.google.common.collect.ImmutableList;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.MethodDescriptor;
import java.util.List;
import net.devh.boot.grpc.client.interceptor.GlobalClientInterceptorRegistry;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Makes the global interceptors of a channel at its first call, where the channel is made while Spring is still collecting its bean
 * post-processors: net.devh's metrics and tracing are among them, and would take registries along that nobody has set up yet.
 */
final class DeferredInterceptors extends GlobalClientInterceptorRegistry {

    private final ApplicationContext context;

    DeferredInterceptors(ApplicationContext context) {
        super(context);
        this.context = context;
    }

    @Override
    public ImmutableList<ClientInterceptor> getClientInterceptors() {
        return isEarly(context) ? ImmutableList.of(new AtFirstCall()) : super.getClientInterceptors();
    }

    /** Whether beans that are made now may miss post-processors. */
    static boolean isEarly(ApplicationContext context) {
        return context instanceof ConfigurableApplicationContext configurable
                && !configurable.getBeanFactory().isConfigurationFrozen();
    }

    private final class AtFirstCall implements ClientInterceptor {

        private volatile @Nullable List<ClientInterceptor> interceptors;

        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            List<ClientInterceptor> made = interceptors;
            if (made == null) {
                made = DeferredInterceptors.super.getClientInterceptors();
                interceptors = made;
            }
            return ClientInterceptors.interceptForward(next, made).newCall(method, options);
        }
    }
}
