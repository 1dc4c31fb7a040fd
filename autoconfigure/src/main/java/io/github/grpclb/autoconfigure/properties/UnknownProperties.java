package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Finds properties below {@code grpc.lb} that nothing is bound to: Spring ignores them. Property sources that cannot list their names
 * are left out. Values are never shown.
 */
@Internal
public final class UnknownProperties implements ConfigurationCheck {

    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("grpc.lb");

    private final Environment environment;

    public UnknownProperties(Environment environment) {
        this.environment = environment;
    }

    @Override
    public Collection<String> warnings() {
        return find(environment).values();
    }

    /** Returns what to say of each, in the order of the property sources. */
    static Map<ConfigurationPropertyName, String> find(Environment environment) {
        KnownProperties known = new KnownProperties();
        Map<ConfigurationPropertyName, String> found = new LinkedHashMap<>();
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
            if (source instanceof IterableConfigurationPropertySource iterable) {
                boolean areVariables = source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource;
                iterable.stream()
                        .filter(ROOT::isAncestorOf)
                        .filter(name -> !known.contains(elements(name), areVariables))
                        .forEach(name -> found.putIfAbsent(name, text(source, name, known, areVariables)));
            }
        }
        return found;
    }

    private static String text(
            ConfigurationPropertySource source,
            ConfigurationPropertyName name,
            KnownProperties known,
            boolean isVariable) {
        List<String> elements = elements(name);
        Optional<String> variable = isVariable ? known.similarVariable(elements) : Optional.empty();
        ConfigurationProperty property = source.getConfigurationProperty(name);
        String origin = property == null || property.getOrigin() == null ? "" : " (" + property.getOrigin() + ")";
        return "There is no property " + name + origin + ", it is ignored"
                + variable.or(() -> known.similarTo(elements))
                        .map(similar -> "; did you mean " + similar + "?")
                        .orElse("");
    }

    private static List<String> elements(ConfigurationPropertyName name) {
        return IntStream.range(ROOT.getNumberOfElements(), name.getNumberOfElements())
                .mapToObj(i -> name.getElement(i, Form.ORIGINAL))
                .toList();
    }
}
