package io.github.grpclb.autoconfigure.properties;

import io.github.grpclb.discovery.Internal;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.convert.ConversionFailedException;

/**
 * Takes a blank value below {@code grpc.lb}, such as what {@code ${ZONE:}} leaves, for an absent one: of texts, numbers, times, names
 * of constants and lists, and so of whatever has no other value. The members of lists are left to whoever reads these, since a list
 * ends at its first member that is absent; and the prefix in etcd may be empty.
 */
@Internal
public final class BlankIsAbsent extends AbstractBindHandler {

    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("grpc.lb");
    private static final List<ConfigurationPropertyName> MAY_BE_EMPTY =
            List.of(ConfigurationPropertyName.of("grpc.lb.etcd.prefix"));

    public BlankIsAbsent(BindHandler parent) {
        super(parent);
    }

    /** Returns a text, null where it is blank. */
    public static @Nullable String textOrNull(@Nullable String text) {
        return text == null || text.isBlank() ? null : text;
    }

    /** Returns the texts that are not blank. */
    static List<String> texts(List<String> texts) {
        return texts.stream().filter(text -> !text.isBlank()).toList();
    }

    @Override
    public @Nullable Object onSuccess(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Object result) {
        boolean isAbsent = isBlank(result)
                || result instanceof Collection<?> list && list.stream().allMatch(BlankIsAbsent::isBlank);
        return isAbsent && isOurs(name) && !isInList(name) && !MAY_BE_EMPTY.contains(name)
                ? null
                : super.onSuccess(name, target, context, result);
    }

    /** Spring converts what is empty, and not what is blank, to nothing. */
    @Override
    public @Nullable Object onFailure(
            ConfigurationPropertyName name, Bindable<?> target, BindContext context, Exception error) throws Exception {
        if (isOurs(name) && (hasBlankText(name, context) || isOfBlank(error))) {
            return null;
        }
        return super.onFailure(name, target, context, error);
    }

    private static boolean hasBlankText(ConfigurationPropertyName name, BindContext context) {
        ConfigurationProperty property = context.getConfigurationProperty();
        return property != null && property.getName().equals(name) && isBlank(property.getValue());
    }

    /** Sees the text that a placeholder left; null is what Spring made of an empty one where a primitive is wanted. */
    private static boolean isOfBlank(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConversionFailedException failed) {
                return failed.getValue() == null || isBlank(failed.getValue());
            }
        }
        return false;
    }

    private static boolean isBlank(@Nullable Object value) {
        return value instanceof String text && text.isBlank();
    }

    private static boolean isInList(ConfigurationPropertyName name) {
        return IntStream.range(0, name.getNumberOfElements()).anyMatch(name::isNumericIndex);
    }

    private static boolean isOurs(ConfigurationPropertyName name) {
        return ROOT.isAncestorOf(name);
    }
}
