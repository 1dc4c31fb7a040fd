package io.github.grpclb.test.spring;

import io.github.grpclb.test.TestEtcd;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.MergedContextConfiguration;

/** Makes a prefix for each context that is created. All are equal, so the annotation divides no cached context from another. */
final class EmbeddedEtcdContextCustomizer implements ContextCustomizer {

    static final String BEAN = "grpcLbTestEtcd";

    @Override
    public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
        ApplicationContext parent = configuration.getParentApplicationContext();
        TestEtcd etcd =
                parent != null && parent.containsBean(BEAN) ? parent.getBean(BEAN, TestEtcd.class) : TestEtcd.create();
        EmbeddedEtcdProperties.of(etcd, context.getEnvironment()).addTo(context.getEnvironment());
        context.getBeanFactory().registerSingleton(BEAN, etcd);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof EmbeddedEtcdContextCustomizer;
    }

    @Override
    public int hashCode() {
        return EmbeddedEtcdContextCustomizer.class.hashCode();
    }
}
