package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Which of an application's gRPC servers is registered. Without a wish it is the host's own one; among servers that are all the user's
 * it is the one whose bean is primary, or else the first that starts.
 */
public final class RegisteredServer {

    /**
     * A host's own servers that listen on a port: there is one of them, or none where the user has a server of his own. Spring gRPC
     * took the names over from net.devh.
     */
    public static final List<String> OWN = List.of("shadedNettyGrpcServerLifecycle", "nettyGrpcServerLifecycle");

    private static final String PROPERTY = "grpc.lb.registration.server";
    private static final String IN_PROCESS = "inProcessGrpcServerLifecycle";

    private final ListableBeanFactory beans;
    private final Class<?> lifecycles;
    private final @Nullable String wanted;
    private volatile @Nullable Object first;

    /**
     * Creates it.
     *
     * @param lifecycles the type of the beans that start a host's servers
     * @param wanted the name of the server's lifecycle bean, or its port; null for the default
     */
    public RegisteredServer(ListableBeanFactory beans, Class<?> lifecycles, @Nullable String wanted) {
        this.beans = beans;
        this.lifecycles = lifecycles;
        this.wanted = wanted == null ? null : wanted.strip();
    }

    /**
     * Checks that there may be such a server.
     *
     * @throws InvalidPropertyException if not
     */
    void requireKnown() {
        List<String> names = names();
        if (wanted == null || names.isEmpty() || names.contains(wanted) || OWN.contains(wanted)) {
            return;
        }
        if (!wanted.matches("[0-9]{1,5}") || Integer.parseInt(wanted) < 1 || Integer.parseInt(wanted) > 65535) {
            throw new InvalidPropertyException(
                    PROPERTY,
                    wanted,
                    "the port of a gRPC server (1 to 65535), or the name of its bean: " + String.join(", ", names),
                    "Name one of them, or leave the property out.");
        }
    }

    /** Says whether there is any that could be the one: an in-process server never is. */
    public boolean isAny() {
        return !names().isEmpty();
    }

    /** Says whether a server is the one. */
    boolean is(Object lifecycle, int port) {
        String name = nameOf(lifecycle);
        if (wanted != null) {
            return wanted.equals(name) || wanted.equals(String.valueOf(port));
        }
        return byDefault().map(it -> it.equals(name)).orElseGet(() -> first == null || first == lifecycle);
    }

    /** Notes that a server was registered: where it is by being the first, no other is when it stops and they start again. */
    void registered(Object lifecycle) {
        first = lifecycle;
    }

    /** Returns a server's name and port, for a log. */
    String describe(Object lifecycle, int port) {
        String name = nameOf(lifecycle);
        return (name == null ? "the gRPC server" : "the gRPC server '" + name + "'") + " at port " + port;
    }

    /** Returns which one is registered and why, for a log. */
    String explain() {
        if (wanted != null) {
            return PROPERTY + "=" + wanted + " names another one";
        }
        return byDefault().map(name -> "'" + name + "' is").orElse("the first one is") + ", unless " + PROPERTY
                + " names another one by its bean or port";
    }

    /** Returns what was wished for, or null. */
    @Nullable
    String wanted() {
        return wanted;
    }

    private Optional<String> byDefault() {
        List<String> names = names();
        Optional<String> own = names.stream().filter(OWN::contains).findFirst();
        if (own.isPresent() || names.size() == 1) {
            return own.isPresent() ? own : Optional.of(names.get(0));
        }
        List<String> primaries = names.stream().filter(this::isPrimary).toList();
        return primaries.size() == 1 ? Optional.of(primaries.get(0)) : Optional.empty();
    }

    private List<String> names() {
        List<String> names = new ArrayList<>(List.of(beans.getBeanNamesForType(lifecycles, true, false)));
        names.remove(IN_PROCESS);
        return names;
    }

    private @Nullable String nameOf(Object lifecycle) {
        return names().stream()
                .filter(name -> isOf(beans.getBean(name), lifecycle))
                .findFirst()
                .orElse(null);
    }

    /** Events come from the object itself, and a bean may be a proxy before it. */
    private static boolean isOf(Object bean, Object lifecycle) {
        return bean == lifecycle || AopProxyUtils.getSingletonTarget(bean) == lifecycle;
    }

    private boolean isPrimary(String name) {
        return beans instanceof ConfigurableListableBeanFactory factory
                && factory.containsBeanDefinition(name)
                && factory.getBeanDefinition(name).isPrimary();
    }
}
