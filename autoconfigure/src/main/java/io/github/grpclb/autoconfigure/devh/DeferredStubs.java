package io.github.grpclb.autoconfigure.devh;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.client.inject.GrpcClientBeanPostProcessor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;

/**
 * Makes the stubs that constructors and {@code @Bean} methods take as parameters together with the bean that takes them. net.devh 3.1.0
 * makes them while Spring is still collecting its bean post-processors, which is too early for all that the channel factory, its
 * configurers and interceptors depend on: meter registries, for one, would stay without their binders and common tags.
 */
final class DeferredStubs implements BeanPostProcessor, PriorityOrdered {

    private static final Logger log = LoggerFactory.getLogger(DeferredStubs.class);

    /** A singleton of net.devh's that lists the parameters; its type is not public. */
    private static final String PARAMETERS = "grpcClientConstructorInjection";

    /** The types that are asked by reflection. */
    static final List<String> REFLECTED = List.of(
            "net.devh.boot.grpc.client.inject.GrpcClientConstructorInjection",
            "net.devh.boot.grpc.client.inject.GrpcClientConstructorInjection$Registry");

    private final ApplicationContext context;
    private final Set<String> clients = ConcurrentHashMap.newKeySet();

    DeferredStubs(ApplicationContext context) {
        this.context = context;
    }

    /** Returns the names of the clients that parameters are for, whether their stubs are made already or not. */
    Set<String> clients() {
        return Set.copyOf(clients);
    }

    /** Comes before the {@code @PostConstruct} method in which net.devh makes them. */
    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        if (bean instanceof GrpcClientBeanPostProcessor && context.containsBean(PARAMETERS)) {
            try {
                defer((List<?>) get(context.getBean(PARAMETERS), "getRegistries"));
            } catch (ReflectiveOperationException | RuntimeException e) {
                log.debug("Stubs that are parameters are made early, by net.devh", e);
            }
        }
        return bean;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    /** Changes nothing unless all of them are understood. */
    private void defer(List<?> parameters) throws ReflectiveOperationException {
        StubMaker maker = new StubMaker(context);
        List<Runnable> changes = new ArrayList<>();
        for (Object parameter : parameters) {
            GrpcClient client = (GrpcClient) get(parameter, "getClient");
            BeanDefinition stub = stub(maker, (Class<?>) get(parameter, "getStubClass"), client);
            BeanDefinition taker = (BeanDefinition) get(parameter, "getTargetBeanDefinition");
            int index = (int) get(parameter, "getConstructorArgumentIndex");
            changes.add(() -> {
                taker.getConstructorArgumentValues().addIndexedArgumentValue(index, stub);
                clients.add(client.value());
            });
        }
        changes.forEach(Runnable::run);
        parameters.clear();
    }

    private static <T> BeanDefinition stub(StubMaker maker, Class<T> type, GrpcClient client) {
        RootBeanDefinition stub = new RootBeanDefinition(type, () -> maker.make(type, client));
        // each bean that takes it has it made; and nobody else's post-processor sees it, as it was: stubs are final, no
        // proxy can be made
        stub.setScope(BeanDefinition.SCOPE_PROTOTYPE);
        stub.setSynthetic(true);
        stub.setResourceDescription("@GrpcClient(\"" + client.value() + "\")");
        return stub;
    }

    private static Object get(Object from, String getter) throws ReflectiveOperationException {
        Method method = from.getClass().getMethod(getter);
        method.setAccessible(true);
        return method.invoke(from);
    }

    /** net.devh's own way of making a stub. */
    private static final class StubMaker extends GrpcClientBeanPostProcessor {

        StubMaker(ApplicationContext context) {
            super(context);
        }

        <T> T make(Class<T> type, GrpcClient client) {
            return processInjectionPoint(null, type, client);
        }
    }
}
