package io.github.grpclb.autoconfigure;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import net.devh.boot.grpc.client.inject.GrpcClient;
import net.devh.boot.grpc.client.inject.GrpcClientBeanPostProcessor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.BeanMetadataElement;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.DependencyDescriptor;
import org.springframework.context.ApplicationContext;
import org.springframework.core.MethodParameter;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.util.ReflectionUtils;

/**
 * Makes the stubs that constructors and {@code @Bean} methods take as parameters together with the bean that takes them. net.devh 3.1.0
 * makes them while Spring is still collecting its bean post-processors, which is too early for the channel factory and all that its
 * configurers and interceptors need: properties would not be set, meter registries would stay without binders and common tags.
 */
final class DeferredStubs implements BeanPostProcessor, PriorityOrdered {

    private static final Logger log = LoggerFactory.getLogger(DeferredStubs.class);

    /** A singleton of net.devh's that lists the parameters; its type is not public. */
    private static final String PARAMETERS = "grpcClientConstructorInjection";

    private final ApplicationContext context;

    DeferredStubs(ApplicationContext context) {
        this.context = context;
    }

    /** Comes before the {@code @PostConstruct} method in which net.devh makes them. */
    @Override
    public Object postProcessBeforeInitialization(Object bean, String beanName) {
        if (bean instanceof GrpcClientBeanPostProcessor && context.containsBean(PARAMETERS)) {
            try {
                defer((List<?>) call(context.getBean(PARAMETERS), "getRegistries"));
            } catch (ReflectiveOperationException | ClassCastException e) {
                log.debug("Stubs that are parameters are made by net.devh, early", e);
            }
        }
        return bean;
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }

    private void defer(List<?> parameters) throws ReflectiveOperationException {
        StubMaker maker = new StubMaker(context);
        List<Runnable> all = new ArrayList<>();
        for (Object parameter : parameters) {
            Class<?> type = (Class<?>) call(parameter, "getStubClass");
            GrpcClient client = (GrpcClient) call(parameter, "getClient");
            BeanDefinition taker = (BeanDefinition) call(parameter, "getTargetBeanDefinition");
            int index = (int) call(parameter, "getConstructorArgumentIndex");
            all.add(() -> taker.getConstructorArgumentValues()
                    .addIndexedArgumentValue(index, new DeferredStub(() -> maker.make(type, client))));
        }
        all.forEach(Runnable::run);
        parameters.clear();
    }

    private static Object call(Object target, String getter) throws ReflectiveOperationException {
        Method method = target.getClass().getMethod(getter);
        method.setAccessible(true);
        return method.invoke(target);
    }

    /** net.devh's own way of making a stub. */
    private static final class StubMaker extends GrpcClientBeanPostProcessor {

        StubMaker(ApplicationContext context) {
            super(context);
        }

        Object make(Class<?> type, GrpcClient client) {
            return processInjectionPoint(null, type, client);
        }
    }

    /** An argument that Spring resolves when it calls the constructor; for a prototype's next one, because it is metadata. */
    private static final class DeferredStub extends DependencyDescriptor implements BeanMetadataElement {

        private static final long serialVersionUID = 1L;

        private final transient Supplier<Object> stub;

        DeferredStub(Supplier<Object> stub) {
            super(new MethodParameter(placeholder(), 0), true);
            this.stub = stub;
        }

        @Override
        public Object resolveShortcut(BeanFactory beanFactory) {
            return stub.get();
        }

        /** Spring wants to see a parameter, whichever. */
        private static Method placeholder() {
            Method equals = ReflectionUtils.findMethod(Object.class, "equals", Object.class);
            return Objects.requireNonNull(equals);
        }
    }
}
