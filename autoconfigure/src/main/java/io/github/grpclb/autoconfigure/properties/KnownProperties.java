package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Similar;
import java.lang.reflect.Constructor;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.springframework.boot.context.properties.bind.Name;

/**
 * The properties that there are below {@code grpc.lb}, read from the records that they are bound to. Immutable.
 */
final class KnownProperties {

    private static final String PREFIX = "grpc.lb.";

    private final Node root = new Node();

    KnownProperties() {
        root.addComponentsOf(ClientProperties.class);
        root.children.remove("service"); // is a single client's
        root.addComponentsOf(GrpcLbProperties.class);
        Node xds = Node.of(XdsServiceProperties.class);
        xds.addComponentsOf(XdsProperties.class);
        root.children.put("xds", xds);
    }

    /**
     * Says whether a property is bound to something.
     *
     * @param name without the prefix {@code grpc.lb}, element by element
     * @param isVariable whether it comes from an environment variable, in which an underscore may stand for a dash too
     */
    boolean contains(List<String> name, boolean isVariable) {
        return root.contains(name, isVariable);
    }

    /** Returns the full name that may have been meant. */
    Optional<String> similarTo(List<String> name) {
        List<String> all = new ArrayList<>();
        root.collect("", name, all);
        String written = String.join(".", name);
        return Similar.to(written, all)
                .or(() -> valueAbove(name, all))
                .or(() -> sameEnding(written, all))
                .map(PREFIX::concat);
    }

    /**
     * Returns the environment variable that may have been meant: one in which fewer underscores stand between the elements, as in {@code
     * GRPC_LB_CLIENTS_USERSERVICE_POLICY} for a client called {@code user-service}.
     */
    Optional<String> similarVariable(List<String> name) {
        for (int from = 0; from < name.size(); from++) {
            for (int to = from + 2; to <= name.size(); to++) {
                List<String> joined = new ArrayList<>(name.subList(0, from));
                joined.add(String.join("", name.subList(from, to)));
                joined.addAll(name.subList(to, name.size()));
                if (contains(joined, true)) {
                    return Optional.of("GRPC_LB_" + String.join("_", joined).toUpperCase(Locale.ROOT));
                }
            }
        }
        return Optional.empty();
    }

    /** Such as {@code slow-start.window} for {@code slow-start.window.seconds}. */
    private static Optional<String> valueAbove(List<String> name, List<String> all) {
        return IntStream.range(1, name.size())
                .mapToObj(size -> String.join(".", name.subList(0, size)))
                .flatMap(above -> all.stream().filter(known -> RelaxedNames.isSame(known, above)))
                .findFirst();
    }

    /** Such as {@code etcd.endpoints} for {@code endpoints}. */
    private static Optional<String> sameEnding(String written, List<String> all) {
        String bare = Similar.bare(written);
        List<String> ending = all.stream()
                .filter(name -> name.indexOf('.') > 0)
                .filter(name -> RelaxedNames.isSame(bare, name.substring(name.lastIndexOf('.'))))
                .toList();
        return ending.size() == 1 ? Optional.of(ending.get(0)) : Optional.empty();
    }

    /** A place in the tree of names; one without children is a value. */
    private static final class Node {

        private final Map<String, Node> children = new LinkedHashMap<>();

        /** What stands below any name, in a map or a list. */
        private Optional<Node> any = Optional.empty();

        /** Whether any names may follow, dots in them, as in a map of texts or of lists of them. */
        private boolean isOpen;

        private boolean isList;

        void addComponentsOf(Class<?> type) {
            RecordComponent[] components = type.getRecordComponents();
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            try {
                Constructor<?> constructor = type.getDeclaredConstructor(types);
                for (int i = 0; i < components.length; i++) {
                    Parameter parameter = constructor.getParameters()[i];
                    Name renamed = parameter.getAnnotation(Name.class);
                    String name = renamed != null ? renamed.value() : components[i].getName();
                    children.put(RecordJson.propertyName(name), of(components[i].getGenericType()));
                }
            } catch (NoSuchMethodException e) {
                throw new IllegalStateException("no record: " + type, e);
            }
        }

        static Node of(Type type) {
            Node node = new Node();
            if (type instanceof Class<?> record && record.isRecord()) {
                node.addComponentsOf(record);
            } else if (type instanceof ParameterizedType generic) {
                Type[] arguments = generic.getActualTypeArguments();
                Node each = of(arguments[arguments.length - 1]);
                node.isOpen = generic.getRawType() == Map.class && each.children.isEmpty();
                node.isList = generic.getRawType() == List.class;
                node.any = Optional.of(each);
            }
            return node;
        }

        private boolean isValue() {
            return children.isEmpty() && any.isEmpty();
        }

        boolean contains(List<String> name, boolean isVariable) {
            if (name.isEmpty() || isOpen) {
                return true;
            }
            if (any.isPresent() && any.get().contains(name.subList(1, name.size()), isVariable)) {
                return true;
            }
            for (int elements = 1; elements <= (isVariable ? name.size() : 1); elements++) {
                String joined = String.join("", name.subList(0, elements));
                List<String> rest = name.subList(elements, name.size());
                if (children.entrySet().stream()
                        .anyMatch(child -> RelaxedNames.isSame(child.getKey(), joined)
                                && child.getValue().contains(rest, isVariable))) {
                    return true;
                }
            }
            return false;
        }

        /** Lists the names of all values; where any name may stand, the one that was written there. */
        void collect(String path, List<String> written, List<String> all) {
            List<String> rest = written.isEmpty() ? written : written.subList(1, written.size());
            if (isOpen && !written.isEmpty()) {
                all.add(path + "." + String.join(".", written));
            } else if (isValue() || isList && any.filter(Node::isValue).isPresent()) {
                all.add(path);
            } else if (any.isPresent()) {
                String name = written.isEmpty() ? "<name>" : written.get(0);
                any.get().collect(path + (isList ? "[" + name + "]" : "." + name), rest, all);
            }
            children.forEach((name, child) -> child.collect(path.isEmpty() ? name : path + "." + name, rest, all));
        }
    }
}
