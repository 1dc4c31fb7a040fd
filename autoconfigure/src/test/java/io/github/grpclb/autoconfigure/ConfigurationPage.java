package io.github.grpclb.autoconfigure;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * The tables of {@code docs/configuration.md}, made of what an IDE is told: one table for each prefix. A range is what a description ends
 * with, in brackets.
 */
final class ConfigurationPage {

    private static final String BEGIN = "<!-- generated from the metadata: begin -->\n";
    private static final String END = "<!-- generated from the metadata: end -->\n";

    private static final String ROOT = "grpc.lb.";

    /** In the order of the page. */
    private static final Map<String, String> SECTIONS = new LinkedHashMap<>();

    static {
        SECTIONS.put("grpc.lb", "See [policies](policies.md), [routing](routing.md) and [operations](operations.md).");
        SECTIONS.put(
                "grpc.lb.etcd",
                "See [security and TLS](operations.md#tls-to-etcd) and [overrides](operations.md#overrides).");
        SECTIONS.put("grpc.lb.kubernetes", "See [Kubernetes](kubernetes.md#in-a-spring-boot-application).");
        SECTIONS.put("grpc.lb.registration", "See [operations](operations.md#stopping-a-server).");
        SECTIONS.put("grpc.lb.operations", "See [acting over HTTP](operations.md#acting-over-http).");
        SECTIONS.put("grpc.lb.consumers", "See [who calls a service](operations.md#who-calls-a-service).");
        SECTIONS.put(
                "grpc.lb.snapshot", "See [starting while etcd is down](operations.md#starting-while-etcd-is-down).");
        SECTIONS.put("grpc.lb.xds", "For one service below `services.<name>`. See [xDS clients](xds.md).");
        SECTIONS.put("grpc.lb.metrics", "See [observability](observability.md).");
        SECTIONS.put("grpc.lb.logging", "See [observability](observability.md#the-server-of-a-call).");
        SECTIONS.put("grpc.lb.server-id", "For all clients, or for one. See [server ids](routing.md#server-ids).");
        SECTIONS.put(
                "grpc.lb.consistent-hash",
                "For all clients, or for one. See [`consistent_hash`](policies.md#consistent_hash).");
        SECTIONS.put(
                "grpc.lb.least-request",
                "For all clients, or for one. See [`least_request`](policies.md#least_request).");
        SECTIONS.put("grpc.lb.peak-ewma", "For all clients, or for one. See [`peak_ewma`](policies.md#peak_ewma).");
        SECTIONS.put(
                "grpc.lb.health-check",
                "For all clients, or for one. See [health checking](routing.md#health-checking).");
        SECTIONS.put(
                "grpc.lb.outlier-detection",
                "For all clients, or for one. See [outlier detection](routing.md#outlier-detection).");
        SECTIONS.put("grpc.lb.zone", "For all clients, or for one. See [zones](routing.md#zones).");
        SECTIONS.put("grpc.lb.slow-start", "For all clients, or for one. See [slow start](routing.md#slow-start).");
        SECTIONS.put("management", "See [observability](observability.md#health).");
    }

    private static final Pattern RANGE = Pattern.compile("(?s)^(.*?) \\(([^()]*)\\)\\.$");
    private static final Pattern UNSET = Pattern.compile("[,;]? ?[^,;]+ when unset$");

    private final Map<String, JsonObject> hints = new TreeMap<>();
    private final Map<String, Map<String, JsonObject>> sections = new LinkedHashMap<>();

    ConfigurationPage(JsonObject metadata) {
        objects(metadata.getAsJsonArray("hints")).forEach((name, hint) -> hints.put(name, hint));
        SECTIONS.keySet().forEach(prefix -> sections.put(prefix, new TreeMap<>()));
        objects(metadata.getAsJsonArray("properties"))
                .forEach((name, property) -> sections.computeIfAbsent(section(name), prefix -> new TreeMap<>())
                        .put(name, property));
    }

    /** Returns the page with its tables as they should be. */
    String update(String page) {
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("docs/configuration.md has lost the marks of what is generated");
        }
        return page.substring(0, begin + BEGIN.length()) + tables() + page.substring(end);
    }

    private String tables() {
        StringBuilder out = new StringBuilder();
        sections.forEach((prefix, properties) -> {
            out.append("\n## `").append(prefix).append("`\n\n");
            if (SECTIONS.containsKey(prefix)) {
                out.append(SECTIONS.get(prefix)).append("\n\n");
            }
            out.append("| property | default | meaning | values |\n|---|---|---|---|\n");
            properties.forEach((name, property) -> out.append(row(name, property)));
        });
        return out.append('\n').toString();
    }

    private String row(String name, JsonObject property) {
        String meaning = property.get("description").getAsString().replace("\n", " ");
        String range = "";
        Matcher ranged = RANGE.matcher(meaning);
        if (ranged.matches()) {
            meaning = ranged.group(1) + ".";
            range = UNSET.matcher(ranged.group(2)).replaceFirst("");
        }
        String byDefault = byDefault(property);
        meaning = meaning.replace("; " + byDefault + " when unset.", ".");
        String values = values(name, property, range);
        return new StringJoiner(" | ", "| ", " |\n")
                .add("`" + name + "`")
                .add(byDefault.isEmpty() ? "" : "`" + byDefault + "`")
                .add(meaning.replace("|", "\\|"))
                .add(values)
                .toString();
    }

    private String values(String name, JsonObject property, String range) {
        JsonObject hint = hints.get(name);
        if (hint != null && hint.has("values")) {
            return StreamSupport.stream(hint.getAsJsonArray("values").spliterator(), false)
                    .map(JsonElement::getAsJsonObject)
                    .map(ConfigurationPage::value)
                    .collect(Collectors.joining("<br>"));
        }
        String type = type(property.get("type").getAsString());
        return range.isEmpty() ? type : type.equals("duration") || type.equals("number") ? range : type + ", " + range;
    }

    private static String value(JsonObject value) {
        String text = "`" + value.get("value").getAsString() + "`";
        if (!value.has("description")) {
            return text;
        }
        String description = value.get("description").getAsString();
        return text + ": " + description.substring(0, 1).toLowerCase(Locale.ROOT)
                + description.substring(1, description.length() - 1);
    }

    private static String type(String type) {
        if (type.startsWith("java.util.List")) {
            return type.contains("Tag") ? "list of rules" : "list";
        }
        if (type.startsWith("java.util.Map")) {
            return "map";
        }
        return switch (type.substring(type.lastIndexOf('.') + 1)) {
            case "Boolean" -> "`true`, `false`";
            case "Duration" -> "duration";
            case "Integer", "Double" -> "number";
            default -> type.endsWith("Access") ? "`none`, `read-only`, `unrestricted`" : "text";
        };
    }

    private static String byDefault(JsonObject property) {
        JsonElement value = property.get("defaultValue");
        if (value == null) {
            return "";
        }
        String text = value.isJsonArray() ? value.getAsJsonArray().get(0).getAsString() : value.getAsString();
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    private static String section(String name) {
        if (!name.startsWith(ROOT)) {
            return name.substring(0, name.indexOf('.'));
        }
        String rest = name.substring(ROOT.length());
        int dot = rest.indexOf('.');
        return dot < 0 ? "grpc.lb" : ROOT + rest.substring(0, dot);
    }

    private static Map<String, JsonObject> objects(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .collect(Collectors.toMap(each -> each.get("name").getAsString(), Function.identity()));
    }
}
