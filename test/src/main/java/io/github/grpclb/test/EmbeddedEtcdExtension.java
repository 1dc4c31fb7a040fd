package io.github.grpclb.test;

import java.util.Objects;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives a test class and its nested classes one {@link TestEtcd}. */
final class EmbeddedEtcdExtension implements ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(EmbeddedEtcdExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == TestEtcd.class;
    }

    /** JUnit 6 has another method for it, which JUnit 5 lacks. */
    @Override
    @SuppressWarnings({"deprecation", "RedundantSuppression"})
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return Objects.requireNonNull(outermostClass(context)
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(TestEtcd.class, missing -> TestEtcd.create(), TestEtcd.class));
    }

    private static ExtensionContext outermostClass(ExtensionContext context) {
        ExtensionContext found = context;
        for (ExtensionContext outer = context;
                outer.getTestClass().isPresent();
                outer = outer.getParent().orElse(outer.getRoot())) {
            found = outer;
        }
        return found;
    }
}
