package io.github.grpclb.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.github.grpclb.discovery.LogText;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Rows with names for their columns, shown to a person or, as JSON, to a program. Not thread-safe. */
final class Table {

    private static final Gson JSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private final List<String> columns;
    private final List<List<@Nullable Object>> rows = new ArrayList<>();

    Table(String... columns) {
        this.columns = List.of(columns);
    }

    void add(@Nullable Object... values) {
        List<@Nullable Object> row = new ArrayList<>();
        for (Object value : values) {
            row.add(value);
        }
        rows.add(row);
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    void print(PrintStream out, boolean json) {
        if (json) {
            rows.forEach(row -> out.println(JSON.toJson(asMap(row))));
            return;
        }
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns.stream().map(String::toUpperCase).toList());
        rows.forEach(row -> lines.add(row.stream().map(Table::shown).toList()));
        int[] widths = new int[columns.size()];
        lines.forEach(line -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        });
        lines.forEach(line -> out.println(padded(line, widths)));
    }

    private static String padded(List<String> line, int[] widths) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + 2));
        }
        return text.toString().stripTrailing();
    }

    /** What stands in records is others': it is not to move a terminal's cursor. */
    private static String shown(@Nullable Object value) {
        return value == null || value.equals("") ? "-" : LogText.of(String.valueOf(value));
    }

    private Map<String, @Nullable Object> asMap(List<@Nullable Object> row) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            map.put(columns.get(i), row.get(i));
        }
        return map;
    }

    @Override
    public String toString() {
        return columns.stream().collect(Collectors.joining(" ")) + " " + rows;
    }
}
