package io.github.grpclb.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A table with a title, for a terminal and for Markdown. */
final class Table {

    private static final Pattern NUMBER = Pattern.compile("[–+-]?|[+-]?[0-9].*");

    private final String title;
    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    Table(String title, List<String> header) {
        this.title = title;
        this.header = header;
    }

    Table(String title, String... header) {
        this(title, List.of(header));
    }

    void add(String... cells) {
        add(List.of(cells));
    }

    void add(List<String> cells) {
        rows.add(cells);
    }

    String text() {
        StringBuilder text = new StringBuilder("\n").append(title).append("\n\n");
        line(text, header, "  ", "   ", ' ');
        line(text, Collections.nCopies(header.size(), ""), "  ", "───", '─');
        rows.forEach(row -> line(text, row, "  ", "   ", ' '));
        return text.toString();
    }

    String markdown() {
        StringBuilder text = new StringBuilder("\n**").append(title).append("**\n\n");
        line(text, header, "| ", " | ", ' ');
        text.append(IntStream.range(0, header.size())
                .mapToObj(column -> isNumeric(column) ? "---:" : "---")
                .collect(Collectors.joining(" | ", "| ", " |\n")));
        rows.forEach(row -> line(text, row, "| ", " | ", ' '));
        return text.toString();
    }

    private void line(StringBuilder text, List<String> cells, String start, String between, char fill) {
        StringBuilder line = new StringBuilder(start);
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            String gap = String.valueOf(fill).repeat(width(column) - cell.length());
            line.append(column == 0 ? "" : between).append(isNumeric(column) ? gap + cell : cell + gap);
        }
        text.append((line + (start.isBlank() ? "" : " |")).stripTrailing()).append('\n');
    }

    private int width(int column) {
        return Math.max(
                header.get(column).length(),
                rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
    }

    private boolean isNumeric(int column) {
        return column > 0
                && rows.stream().allMatch(row -> NUMBER.matcher(row.get(column)).matches());
    }
}
