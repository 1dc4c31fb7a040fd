package io.github.grpclb.balancer.pick;

import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.policy.Policy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs the first failure of each kind of policy, for a broken one fails at every call. Thread-safe. */
final class PolicyFailures {

    private static final Logger logger = LoggerFactory.getLogger(PolicyFailures.class);

    private final LogLimit logLimit;

    PolicyFailures(LogLimit logLimit) {
        this.logLimit = logLimit;
    }

    void report(Policy policy, Throwable failure) {
        if (logLimit.isNew(PolicyFailures.class, policy.getClass())) {
            logger.error(
                    "load balancing policy {} failed; calls go to any server that is ready (said once)",
                    policy.getClass().getName(),
                    failure);
        }
    }
}
