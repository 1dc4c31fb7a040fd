package io.github.grpclb.autoconfigure;

import io.github.grpclb.actuate.ExplainSection;
import io.github.grpclb.actuate.PredictSection;
import io.github.grpclb.actuate.TimelineSection;
import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.RecordHints;
import io.github.grpclb.autoconfigure.properties.XdsProperties;
import io.github.grpclb.autoconfigure.properties.XdsServiceProperties;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolverProvider;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * Tells a native image what grpc-lb finds by name and by reflection: what gRPC loads as services, and the records of the properties, which
 * are bound, combined and looked through component by component, and of what the actuator tells in sections.
 */
final class GrpcLbRuntimeHints implements RuntimeHintsRegistrar {

    private static final String OURS = "io.github.grpclb.";

    @Override
    public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
        registerServices(hints, LoadBalancerProvider.class, classLoader);
        registerServices(hints, NameResolverProvider.class, classLoader);
        hints.resources().registerPattern("io/github/grpclb/actuate/ui/*");
        new BindingReflectionHintsRegistrar()
                .registerReflectionHints(
                        hints.reflection(),
                        ExplainSection.Answer.class,
                        PredictSection.Answer.class,
                        TimelineSection.Answer.class);
        RecordHints.register(
                hints, GrpcLbProperties.class, ClientProperties.class, XdsProperties.class, XdsServiceProperties.class);
    }

    private static void registerServices(RuntimeHints hints, Class<?> service, @Nullable ClassLoader classLoader) {
        hints.resources().registerPattern("META-INF/services/" + service.getName());
        ServiceLoader.load(service, classLoader).stream()
                .map(ServiceLoader.Provider::type)
                .filter(provider -> provider.getName().startsWith(OURS))
                .forEach(provider ->
                        hints.reflection().registerType(provider, MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS));
    }
}
