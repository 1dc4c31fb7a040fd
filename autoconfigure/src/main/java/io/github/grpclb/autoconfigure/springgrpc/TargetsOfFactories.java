package io.github.grpclb.autoconfigure.springgrpc;

import java.lang.reflect.Field;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.PriorityOrdered;
import org.springframework.grpc.client.DefaultGrpcChannelFactory;
import org.springframework.grpc.client.InProcessGrpcChannelFactory;
import org.springframework.grpc.client.VirtualTargets;
import org.springframework.util.ReflectionUtils;

/**
 * Has {@link ChannelTargets} say where channels lead, in place of what the host's properties say. A factory whose targets are somebody
 * else's keeps them: the application's own, or those of Spring Boot's transport for tests, for which every name means one in-process
 * server.
 */
final class TargetsOfFactories implements BeanPostProcessor, PriorityOrdered {

    /** Where the host's own are: in Spring Boot since Spring gRPC 1.0, and before. */
    private static final List<String> HOSTS = List.of(
            "org.springframework.boot.grpc.client.autoconfigure.", "org.springframework.grpc.autoconfigure.client.");

    private static final String PLAIN_FACTORIES = DefaultGrpcChannelFactory.class.getPackageName();

    /** Of a factory's targets, which have no getter. */
    static final String FIELD_NAME = "targets";

    /** Null in a version without it. */
    private static final @Nullable Field FIELD =
            ReflectionUtils.findField(DefaultGrpcChannelFactory.class, FIELD_NAME, VirtualTargets.class);

    private final ObjectProvider<ChannelTargets> targets;

    TargetsOfFactories(ObjectProvider<ChannelTargets> targets) {
        this.targets = targets;
    }

    /** Before other processors, which may need a channel: those of method security do, where an evaluator asks a service. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    /** Before anybody puts a proxy in front of it. */
    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        if (bean instanceof DefaultGrpcChannelFactory<?> factory && !(bean instanceof InProcessGrpcChannelFactory)) {
            VirtualTargets present = present(factory);
            if (present == null ? isPlain(factory) : isHosts(present)) {
                factory.setVirtualTargets(name -> targets.getObject().getTarget(name));
            } else if (present != null) {
                factory.setVirtualTargets(
                        name -> targets.getObject().knowing(present).getTarget(name));
            }
        }
        return bean;
    }

    private static @Nullable VirtualTargets present(DefaultGrpcChannelFactory<?> factory) {
        if (FIELD == null) {
            return null;
        }
        ReflectionUtils.makeAccessible(FIELD);
        return (VirtualTargets) ReflectionUtils.getField(FIELD, factory);
    }

    private static boolean isHosts(VirtualTargets targets) {
        return targets == VirtualTargets.DEFAULT
                || HOSTS.stream().anyMatch(targets.getClass().getName()::startsWith);
    }

    private static boolean isPlain(DefaultGrpcChannelFactory<?> factory) {
        return factory.getClass().getPackageName().equals(PLAIN_FACTORIES);
    }
}
