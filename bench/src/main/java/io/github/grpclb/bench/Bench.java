package io.github.grpclb.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Runs the suites that were asked for, prints their tables and writes them down as Markdown. */
public final class Bench {

    private static final Path MARKDOWN = Path.of("target", "bench.md");

    private Bench() {}

    /** Takes the name of a suite or {@code all}, and {@code --quick} behind it. */
    public static void main(String[] arguments) throws Exception {
        Scale scale = List.of(arguments).contains("--quick") ? Scale.QUICK : Scale.FULL;
        Map<String, Suite> suites = new LinkedHashMap<>();
        suites.put("pick", new PickSuite());
        suites.put("update", new UpdateSuite());
        suites.put("calls", new CallsSuite());
        suites.put("app", new AppSuite());
        suites.put("slow", new SlowServerSuite());
        suites.put("slow-start", new SlowStartSuite());
        suites.put("xds", new XdsSuite());
        suites.put("explain", new ExplainSuite());
        if (!arguments[0].equals("all")) {
            suites.keySet().removeIf(name -> !name.startsWith(arguments[0]));
        }
        String machine = machine();
        StringBuilder markdown = new StringBuilder(machine).append('\n');
        System.out.println(machine);
        for (Suite suite : suites.values()) {
            for (Table table : suite.run(scale)) {
                System.out.println(table.text());
                markdown.append(table.markdown());
            }
        }
        write(markdown);
    }

    private static String machine() {
        int processors = Runtime.getRuntime().availableProcessors();
        double busy = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return String.format(
                        Locale.ROOT,
                        "%s, Java %s, %d processors (%s)",
                        LocalDate.now(),
                        Runtime.version(),
                        processors,
                        System.getProperty("os.arch"))
                + (busy > processors
                        ? String.format(
                                Locale.ROOT, "; others use the machine (load %.1f), so take no number for good", busy)
                        : "");
    }

    private static void write(CharSequence markdown) throws IOException {
        Files.createDirectories(MARKDOWN.getParent());
        Files.writeString(MARKDOWN, markdown);
        System.out.println("\nAs Markdown: " + MARKDOWN);
    }
}
