package io.github.grpclb.chaos;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import io.github.grpclb.testing.FaultRow;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs, in this JVM, the tests that show one row of the fault list, or those with a tag; with a second argument again, and then only
 * those under load, where there are some. The exit code is the outcome's number.
 */
final class RowRun implements TestExecutionListener {

    /** Begins the lines that are shown with the result: what failed or was skipped, and why; what a test has counted. */
    static final String MARK = "chaos: ";

    /** Stands in the line of a test that was skipped; others of its row may have held. */
    static final String SKIPPED = " skipped: ";

    private static final int LONGEST_REASON = 300;

    private final AtomicInteger held = new AtomicInteger();
    private final AtomicInteger broken = new AtomicInteger();
    private final AtomicInteger skipped = new AtomicInteger();

    public static void main(String[] arguments) {
        RowRun run = new RowRun();
        boolean again = arguments.length > 1;
        // what happens under load is left to chance; the tests of single classes are the same each time
        if (again) {
            run.execute(RowRun.class.getPackageName(), arguments[0]);
        }
        if (!again || run.isEmpty()) {
            run.execute("io.github.grpclb", arguments[0]);
        }
        System.exit(run.outcome().ordinal());
    }

    private void execute(String inPackage, String name) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectPackage(inPackage))
                .filters(shows(name), runsOnHost())
                .build();
        LauncherFactory.create().execute(request, this);
    }

    private boolean isEmpty() {
        return held.get() + broken.get() + skipped.get() == 0;
    }

    private Chaos.Outcome outcome() {
        if (isEmpty()) {
            System.out.println(MARK + "no test shows it");
            return Chaos.Outcome.BROKEN;
        }
        if (broken.get() > 0) {
            return Chaos.Outcome.BROKEN;
        }
        return held.get() == 0 ? Chaos.Outcome.SKIPPED : Chaos.Outcome.HELD;
    }

    private static PostDiscoveryFilter shows(String name) {
        return test -> FilterResult.includedIf(
                name.matches("\\d+")
                        ? showsRow(test, Integer.parseInt(name))
                        : test.getTags().contains(TestTag.create(name)));
    }

    private static PostDiscoveryFilter runsOnHost() {
        return test ->
                FilterResult.includedIf(type(test).map(Host.current()::runs).orElse(true));
    }

    private static Optional<Class<?>> type(TestDescriptor test) {
        return test.getSource()
                .<Class<?>>map(source -> source instanceof MethodSource method
                        ? method.getJavaClass()
                        : source instanceof ClassSource type ? type.getJavaClass() : null);
    }

    private static boolean showsRow(TestDescriptor test, int row) {
        for (Optional<TestDescriptor> at = Optional.of(test);
                at.isPresent();
                at = at.get().getParent()) {
            FaultRow rows = annotated(at.get())
                    .map(it -> it.getAnnotation(FaultRow.class))
                    .orElse(null);
            if (rows != null) {
                return Arrays.stream(rows.value()).anyMatch(shown -> shown == row);
            }
        }
        return false;
    }

    private static Optional<AnnotatedElement> annotated(TestDescriptor test) {
        return test.getSource().map(source -> {
            if (source instanceof MethodSource method) {
                return method.getJavaMethod();
            }
            return source instanceof ClassSource type ? type.getJavaClass() : null;
        });
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped.incrementAndGet();
        say(test, SKIPPED, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    held.incrementAndGet();
                }
            }
            case ABORTED -> {
                skipped.incrementAndGet();
                say(
                        test,
                        SKIPPED,
                        result.getThrowable().map(Throwable::getMessage).orElse(""));
            }
            case FAILED -> {
                broken.incrementAndGet();
                result.getThrowable().ifPresent(failure -> failure.printStackTrace(System.out));
                say(
                        test,
                        " broken: ",
                        result.getThrowable().map(Throwable::toString).orElse(""));
            }
        }
    }

    private static void say(TestIdentifier test, String what, String reason) {
        String line =
                String.valueOf(reason).replaceAll("\\s+", " ").replace('|', '/').strip();
        System.out.println(
                MARK + test.getDisplayName() + what + line.substring(0, Math.min(line.length(), LONGEST_REASON)));
    }
}
