package io.github.grpclb.autoconfigure.properties;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Tells which property is wrong, its value, what was expected and what to do. */
final class InvalidPropertyFailureAnalyzer extends AbstractFailureAnalyzer<InvalidPropertyException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidPropertyException cause) {
        String description = """
                Property: %s
                   Value: %s
                Expected: %s""".formatted(
                cause.property(), cause.value() == null ? "(not set)" : "\"" + cause.value() + "\"", cause.expected());
        if (cause.getCause() != null) {
            description += "\n  Reason: " + cause.getCause().getMessage();
        }
        return new FailureAnalysis(description, cause.action(), cause);
    }
}
