package io.github.grpclb.balancer.dryrun;

import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.policy.RoutingKeys;
import io.grpc.CallOptions;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A call that is never made, as pickers see it: its method, headers and options, and how often there is one like it. Immutable. */
public final class DryCall extends PickSubchannelArgs {

    /** What {@link #parse} reads. */
    static final String FORM =
            "header.<name>=<value>, tag.<key>=<value>, serverId=<id>, hashKey=<key>, method=<service/method> or rate=<calls a"
                    + " second>, divided by commas; \\, for a comma in a value";

    /** A call that says nothing of where it wants to go. */
    public static final DryCall PLAIN =
            new DryCall(CallOptions.DEFAULT, new Metadata(), "dry.Run/Call", OptionalDouble.empty());

    private static final double HIGHEST_RATE = 10_000_000;
    private static final double LOWEST_RATE = 0.001;

    private final CallOptions options;
    private final Metadata headers;
    private final MethodDescriptor<?, ?> method;
    private final OptionalDouble perSecond;

    private DryCall(CallOptions options, Metadata headers, String method, OptionalDouble perSecond) {
        this.options = options;
        this.headers = headers;
        this.method = MethodDescriptor.newBuilder(new NoMessage(), new NoMessage())
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(method)
                .build();
        this.perSecond = perSecond;
    }

    /**
     * Reads a call: {@code header.x-version=v2,serverId=b,hashKey=u1,tag.zone=z1,rate=200}.
     *
     * @param text null or blank for {@link #PLAIN}
     * @throws IllegalValueException if a name is not known, or a value is not what it must be
     */
    public static DryCall parse(@Nullable String text) {
        CallOptions options = CallOptions.DEFAULT;
        Metadata headers = new Metadata();
        Map<String, String> tags = new TreeMap<>();
        String method = PLAIN.method.getFullMethodName();
        OptionalDouble perSecond = OptionalDouble.empty();
        for (String part : NamedValues.split(text)) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals).trim();
            String value = equals < 0 ? "" : part.substring(equals + 1).trim();
            if (equals < 0 || value.isEmpty()) {
                throw new IllegalValueException("call", part, FORM);
            }
            if (name.startsWith("header.")) {
                headers.put(key(name.substring("header.".length()), part), value);
            } else if (name.startsWith("tag.") && name.length() > "tag.".length()) {
                tags.put(name.substring("tag.".length()), value);
            } else {
                switch (name) {
                    case "serverId" -> options = options.withOption(RoutingKeys.SERVER_ID, value);
                    case "hashKey" -> options = options.withOption(RoutingKeys.HASH_KEY, value);
                    case "method" -> method = method(value);
                    case "rate" -> perSecond = OptionalDouble.of(rate(value));
                    default -> throw new IllegalValueException("call", part, FORM);
                }
            }
        }
        return new DryCall(
                tags.isEmpty() ? options : options.withOption(RoutingKeys.TAGS, Map.copyOf(tags)),
                headers,
                method,
                perSecond);
    }

    private static Metadata.Key<String> key(String header, String part) {
        try {
            return Metadata.Key.of(header.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER);
        } catch (IllegalArgumentException e) {
            throw new IllegalValueException("call", part, "the name of a header of text", e);
        }
    }

    private static String method(String value) {
        if (MethodDescriptor.extractFullServiceName(value) == null) {
            throw new IllegalValueException("method", value, "a service and a method, such as greeter.Greeter/Greet");
        }
        return value;
    }

    private static double rate(String value) {
        try {
            double rate = Double.parseDouble(value);
            if (rate >= LOWEST_RATE && rate <= HIGHEST_RATE) {
                return rate;
            }
        } catch (NumberFormatException e) {
            // refused below
        }
        throw new IllegalValueException("rate", value, "calls a second, 0.001 to 10000000");
    }

    /** Returns how many calls there are in a second; empty for as many as there are. */
    OptionalDouble perSecond() {
        return perSecond;
    }

    @Override
    public CallOptions getCallOptions() {
        return options;
    }

    @Override
    public Metadata getHeaders() {
        return headers;
    }

    @Override
    public MethodDescriptor<?, ?> getMethodDescriptor() {
        return method;
    }

    private static final class NoMessage implements MethodDescriptor.Marshaller<Void> {

        @Override
        public InputStream stream(Void message) {
            return InputStream.nullInputStream();
        }

        @Override
        public Void parse(InputStream stream) {
            throw new UnsupportedOperationException("no message is ever read");
        }
    }
}
