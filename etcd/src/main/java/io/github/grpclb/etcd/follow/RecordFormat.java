package io.github.grpclb.etcd.follow;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.ByteString;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.follow.SavedList;
import io.github.grpclb.discovery.snapshot.SnapshotFormat;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.GoJson;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.etcd.record.RecordMetadata;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A service's list as a file: JSON that says of which cluster, prefix and service it is, and the records as they would be
 * in etcd, so that they are read through the same limits. Believes nothing that it reads. Immutable.
 */
final class RecordFormat implements SnapshotFormat<List<KeyValue>> {

    private static final int MAX_DEPTH = 4;
    private static final String FORMAT = "1";

    private final String prefix;
    private final Set<String> cluster;
    private final EndpointCodec codec;

    RecordFormat(EtcdOptions options) {
        this.prefix = options.prefix();
        this.cluster = new TreeSet<>(options.endpoints());
        this.codec = new EndpointCodec(options.keySpace());
    }

    @Override
    public String registry() {
        return prefix + "\0" + cluster;
    }

    @Override
    public byte[] encode(String service, long asOf, List<Endpoint> endpoints) {
        StringBuilder out = new StringBuilder(256 + 256 * endpoints.size());
        out.append("{\"format\":").append(FORMAT).append(",\"service\":");
        GoJson.appendString(out, service);
        out.append(",\"prefix\":");
        GoJson.appendString(out, prefix);
        out.append(",\"cluster\":[");
        String separator = "";
        for (String member : cluster) {
            GoJson.appendString(out.append(separator), member);
            separator = ",";
        }
        out.append("],\"asOf\":").append(asOf).append(",\"records\":[");
        separator = "\n";
        for (Endpoint endpoint : endpoints) {
            ByteString value;
            try {
                value = codec.encode(endpoint);
            } catch (IllegalValueException e) {
                continue;
            }
            GoJson.appendString(out.append(separator).append("{\"key\":"), endpoint.key());
            out.append(",\"createRevision\":").append(endpoint.createRevision()).append(",\"value\":");
            GoJson.appendString(out, value.toStringUtf8());
            out.append('}');
            separator = ",\n";
        }
        return out.append("\n]}\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public SavedList<List<KeyValue>> decode(String service, byte[] text, String origin) throws IOException {
        try {
            return read(service, text, origin);
        } catch (MalformedRecordException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private SavedList<List<KeyValue>> read(String service, byte[] text, String origin) throws MalformedRecordException {
        InputStreamReader characters = new InputStreamReader(
                new ByteArrayInputStream(text),
                StandardCharsets.UTF_8.newDecoder()); // malformed input is an IOException
        try (JsonReader reader = new JsonReader(characters)) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(MAX_DEPTH);
            Content content = new Content();
            readMembers(
                    reader,
                    name -> {
                        switch (name) {
                            case "format" -> require(name, number(reader, name), Long.parseLong(FORMAT));
                            case "service" -> require(name, string(reader, name), service);
                            case "prefix" -> require(name, string(reader, name), prefix);
                            case "cluster" -> require(name, readCluster(reader), cluster);
                            case "asOf" -> content.asOf = number(reader, name);
                            case "records" -> content.records = readRecords(reader);
                            default -> throw new MalformedRecordException("member", name, "no such one");
                        }
                    },
                    Set.of("format", "service", "prefix", "cluster", "asOf", "records"));
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new MalformedRecordException("text", reader.peek(), "one JSON object and nothing after it");
            }
            return new SavedList<>(content.asOf, content.records, origin);
        } catch (IOException | IllegalStateException e) {
            throw new MalformedRecordException(
                    "text", String.valueOf(e.getMessage()), "a complete JSON object in UTF-8");
        }
    }

    private static Set<String> readCluster(JsonReader reader) throws IOException, MalformedRecordException {
        Set<String> members = new HashSet<>();
        reader.beginArray();
        while (reader.hasNext()) {
            members.add(string(reader, "cluster"));
        }
        reader.endArray();
        return members;
    }

    private static List<KeyValue> readRecords(JsonReader reader) throws IOException, MalformedRecordException {
        List<KeyValue> records = new ArrayList<>();
        reader.beginArray();
        while (reader.hasNext()) {
            Content record = new Content();
            readMembers(
                    reader,
                    name -> {
                        switch (name) {
                            case "key" -> record.key = string(reader, name);
                            case "createRevision" -> record.createRevision = number(reader, name);
                            case "value" -> record.value = ByteString.copyFromUtf8(string(reader, name));
                            default -> throw new MalformedRecordException("member", name, "no such one");
                        }
                    },
                    Set.of("key", "createRevision", "value"));
            records.add(new KeyValue(record.key, record.value, record.createRevision, 0, 0));
        }
        reader.endArray();
        return records;
    }

    private static void readMembers(JsonReader reader, Member member, Set<String> required)
            throws IOException, MalformedRecordException {
        Set<String> seen = new HashSet<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            if (!seen.add(name)) {
                throw new MalformedRecordException("member", name, "once");
            }
            member.read(name);
        }
        reader.endObject();
        if (!seen.equals(required)) {
            throw new MalformedRecordException("members", seen, "all of " + required);
        }
    }

    private static String string(JsonReader reader, String name) throws IOException, MalformedRecordException {
        if (reader.peek() != JsonToken.STRING) {
            throw new MalformedRecordException(name, reader.peek(), "a string");
        }
        return reader.nextString();
    }

    private static long number(JsonReader reader, String name) throws IOException, MalformedRecordException {
        if (reader.peek() != JsonToken.NUMBER) {
            throw new MalformedRecordException(name, reader.peek(), "a number");
        }
        return RecordMetadata.integer(name, reader.nextString(), Long.MAX_VALUE);
    }

    private static void require(String name, @Nullable Object found, Object expected) throws MalformedRecordException {
        if (!expected.equals(found)) {
            throw new MalformedRecordException(name, found == null ? "none" : found, expected.toString());
        }
    }

    /** Reads the value of one member. */
    private interface Member {

        void read(String name) throws IOException, MalformedRecordException;
    }

    /** What an object's members have said so far. */
    private static final class Content {
        private long asOf;
        private List<KeyValue> records = List.of();
        private String key = "";
        private long createRevision;
        private ByteString value = ByteString.EMPTY;
    }
}
