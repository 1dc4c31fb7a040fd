package io.github.grpclb.etcd.record;

import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.AddressRules;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.Internal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Endpoints as they are written in etcd. Writes the record of Go's official {@code client/v3/naming/endpoints}, byte
 * for byte, and reads besides it what other frameworks write; which of them a record is, is seen by its shape.
 * Immutable.
 */
@Internal
public final class EndpointCodec {

    private static final Pattern NUMBER = Pattern.compile("[0-9]+(\\.[0-9]+)?");
    private static final String KRATOS_GRPC = "grpc://";
    private static final String EXPECTED =
            "{\"Op\":0,\"Addr\":\"host:port\",…}, host:port, a weight, or Kratos' {\"endpoints\":[\"grpc://…\"],…}";

    private final KeySpace keys;
    private final AddressRules addresses;

    /** Reads records of any host that is one machine. */
    public EndpointCodec(KeySpace keys) {
        this(keys, AddressRules.DEFAULT);
    }

    /** Reads records of the hosts that are allowed. */
    public EndpointCodec(KeySpace keys, AddressRules addresses) {
        this.keys = keys;
        this.addresses = addresses;
    }

    /**
     * Returns the record's value.
     *
     * @throws IllegalValueException if the endpoint's metadata uses a name of the record itself
     */
    public ByteString encode(Endpoint endpoint) {
        StringBuilder out = new StringBuilder(128);
        out.append("{\"Op\":0,\"Addr\":");
        GoJson.appendString(out, endpoint.address());
        out.append(",\"Metadata\":");
        RecordMetadata.write(endpoint, out);
        out.append('}');
        return ByteString.copyFromUtf8(out.toString());
    }

    /**
     * Returns an endpoint as a reader of its record will see it.
     *
     * @throws IllegalValueException if no reader would take it
     */
    public Endpoint canonical(Endpoint endpoint) {
        try {
            return decode(endpoint.service(), new KeyValue(keys.key(endpoint), encode(endpoint), 0, 0, 0));
        } catch (MalformedRecordException e) {
            throw e.asRefusal();
        }
    }

    /**
     * Reads one record of a service, and all of it.
     *
     * @throws MalformedRecordException also if only something optional cannot be read
     */
    public Endpoint decode(String service, KeyValue record) throws MalformedRecordException {
        List<MalformedRecordException> leftOut = new ArrayList<>(1);
        Endpoint endpoint = decode(service, record, leftOut::add);
        if (!leftOut.isEmpty()) {
            throw leftOut.get(0);
        }
        return endpoint;
    }

    /**
     * Reads one record of a service as far as it can be read: the address decides.
     *
     * @param leftOut is told of each hint that cannot be read, such as a state of another framework's, and why
     * @throws MalformedRecordException if there is no address, or if it is no record that somebody may have meant
     */
    public Endpoint decode(String service, KeyValue record, Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        return read(service, record, leftOut).endpoint();
    }

    /**
     * Reads one record as {@link #decode(String, KeyValue, Consumer)} does, and says what form it has.
     *
     * @throws MalformedRecordException as that does
     */
    public FoundEndpoint read(String service, KeyValue record, Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        String tail = keys.tail(service, record.key());
        if (tail == null) {
            throw new MalformedRecordException("key", record.key(), keys.servicePrefix(service) + "<name without '/'>");
        }
        String text = RecordText.of(record.value());
        if (text.startsWith("{")) {
            return fromJson(service, record, text, leftOut);
        }
        if (NUMBER.matcher(text).matches()) {
            return found(
                    FoundEndpoint.Form.WEIGHT, at(service, tail).weight(RecordMetadata.weight(text, leftOut)), record);
        }
        if (text.indexOf(':') > 0) {
            return found(FoundEndpoint.Form.ADDRESS, at(service, text), record);
        }
        throw new MalformedRecordException("value", text, EXPECTED);
    }

    private static FoundEndpoint found(FoundEndpoint.Form form, Endpoint.Builder endpoint, KeyValue record) {
        return new FoundEndpoint(
                form,
                endpoint.key(record.key())
                        .createRevision(record.createRevision())
                        .build());
    }

    private FoundEndpoint fromJson(
            String service, KeyValue record, String text, Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        Map<String, @Nullable Object> object = StrictJson.readObject(text);
        Object address = StrictJson.member(object, "addr");
        if (address instanceof String go) {
            Endpoint.Builder endpoint = at(service, go);
            readGoMetadata(hint(object, "metadata", leftOut), endpoint, leftOut);
            return found(FoundEndpoint.Form.GO, endpoint, record);
        }
        if (address == null && StrictJson.member(object, "endpoints") instanceof List<?> urls) {
            return found(FoundEndpoint.Form.KRATOS, fromKratos(service, object, urls, leftOut), record);
        }
        throw new MalformedRecordException("value", text, EXPECTED);
    }

    /** Returns an optional member; null also where there are two of that name. */
    private static @Nullable Object hint(
            Map<String, @Nullable Object> object, String name, Consumer<MalformedRecordException> leftOut) {
        try {
            return StrictJson.member(object, name);
        } catch (MalformedRecordException e) {
            leftOut.accept(e);
            return null;
        }
    }

    /** Go says {@code any}: a map as a rule; a lone string is the server's id, and the rest means nothing to us. */
    private static void readGoMetadata(
            @Nullable Object metadata, Endpoint.Builder endpoint, Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        if (metadata instanceof Map<?, ?> map) {
            RecordMetadata.read(members(map), endpoint, leftOut);
        } else if (metadata instanceof String id) {
            RecordMetadata.read(Map.of(RecordMetadata.ID, id), endpoint, leftOut);
        }
    }

    private Endpoint.Builder fromKratos(
            String service,
            Map<String, @Nullable Object> object,
            List<?> urls,
            Consumer<MalformedRecordException> leftOut)
            throws MalformedRecordException {
        for (Object url : urls) {
            if (url instanceof String grpc && grpc.startsWith(KRATOS_GRPC)) {
                String address = grpc.substring(KRATOS_GRPC.length());
                int query = address.indexOf('?');
                Endpoint.Builder endpoint = at(service, query < 0 ? address : address.substring(0, query));
                RecordMetadata.read(kratosMetadata(object, leftOut), endpoint, leftOut);
                return endpoint;
            }
        }
        throw new MalformedRecordException("endpoints", urls, "one that begins in " + KRATOS_GRPC);
    }

    /** Kratos has the id and the version beside the metadata. */
    private static Map<String, @Nullable Object> kratosMetadata(
            Map<String, @Nullable Object> object, Consumer<MalformedRecordException> leftOut) {
        Map<String, @Nullable Object> metadata = new HashMap<>();
        if (hint(object, "metadata", leftOut) instanceof Map<?, ?> map) {
            metadata.putAll(members(map));
        }
        for (String name : List.of(RecordMetadata.ID, RecordMetadata.VERSION)) {
            if (hint(object, name, leftOut) instanceof String text && !text.isBlank()) {
                metadata.put(name, text);
            }
        }
        return metadata;
    }

    @SuppressWarnings("unchecked") // StrictJson makes no other maps
    private static Map<String, @Nullable Object> members(Map<?, ?> map) {
        return (Map<String, @Nullable Object>) map;
    }

    private Endpoint.Builder at(String service, String address) throws MalformedRecordException {
        HostPort parsed = HostPort.parse(address, addresses);
        return Endpoint.builder(service, parsed.host(), parsed.port());
    }
}
