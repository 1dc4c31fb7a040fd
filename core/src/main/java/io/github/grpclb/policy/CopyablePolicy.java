package io.github.grpclb.policy;

import io.github.grpclb.discovery.Internal;
import java.util.function.LongSupplier;

/** A policy that can be copied with all that it has come to, so that what it would pick can be tried without picking. */
@Internal
public interface CopyablePolicy extends Policy {

    /**
     * Returns a policy that picks as this one would, and shares nothing with it that changes. Called where pickers are made.
     *
     * @param chance gives 64 random bits; what this policy draws by chance the copy draws by this
     */
    CopyablePolicy copy(LongSupplier chance);
}
