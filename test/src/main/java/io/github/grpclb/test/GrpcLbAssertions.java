package io.github.grpclb.test;

import io.github.grpclb.discovery.IllegalValueException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** What a test says of balanced calls. What does not hold ends in an {@link AssertionError}, as in any test framework. */
public final class GrpcLbAssertions {

    /** How long a call of {@link #noCallFailsWhile} may take. */
    static final Duration LONGEST_CALL = Duration.ofSeconds(30);

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);

    private GrpcLbAssertions() {}

    /**
     * Begins to check how calls were shared.
     *
     * <pre>{@code
     * assertThatCalls(counts).areSharedAs(Map.of("a", 5, "b", 1))
     * }</pre>
     *
     * @param byServer how many calls each server got
     */
    public static CallShares assertThatCalls(Map<String, ? extends Number> byServer) {
        return new CallShares(byServer);
    }

    /**
     * Makes calls, one after the other, and begins to check how they were shared.
     *
     * <pre>{@code
     * assertThatCalls(600, () -> stub.whoAreYou(request).getId()).areSharedAs(Map.of("a", 5, "b", 1))
     * }</pre>
     *
     * @param count how many, 1 or more
     * @param call makes one, and returns which server answered
     */
    public static CallShares assertThatCalls(int count, Supplier<String> call) {
        if (count < 1) {
            throw new IllegalValueException("count", count, "1 or more");
        }
        Map<String, Integer> byServer = new HashMap<>();
        for (int i = 0; i < count; i++) {
            byServer.merge(call.get(), 1, Integer::sum);
        }
        return assertThatCalls(byServer);
    }

    /**
     * Calls until exactly these servers answer, which may take a moment after one came or went: until each of them, and no other, is
     * among the answers of so many calls in a row as make ten for each. Calls that fail are made again.
     *
     * @param call makes a call with a deadline, and returns which server answered
     * @param servers one at least
     * @throws AssertionError if that is not so within 20 s; the message has the last answers
     */
    public static void awaitAnswersFrom(Supplier<String> call, String... servers) {
        AwaitedAnswers.await(call, Set.of(servers), LONGEST_WAIT);
    }

    /**
     * Makes calls while something happens, and fails if one of them fails. They are made by two threads, one after the other on each: at
     * least one before the action, as many as there is time for during it, and at least one that begins after it.
     *
     * <pre>{@code
     * noCallFailsWhile(() -> stub.withDeadlineAfter(5, SECONDS).greet(request), () -> server.close())
     * }</pre>
     *
     * @param call makes a call and waits for its end, which must come within 30 s; it fails by throwing; called by two threads at the
     *     same time
     * @param action what happens meanwhile, on the thread of the test; not run if calls fail before it
     * @throws AssertionError if a call failed; the message has how many did, with what statuses, and when first
     * @throws Exception what the action throws
     */
    public static void noCallFailsWhile(CheckedRunnable call, CheckedRunnable action) throws Exception {
        new CallsMeanwhile(call, LONGEST_CALL).run(action);
    }
}
