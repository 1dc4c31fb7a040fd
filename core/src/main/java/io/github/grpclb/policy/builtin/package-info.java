/** The policies, one small class each, and {@link io.github.grpclb.policy.builtin.Policies}, their table. */
@NullMarked
package io.github.grpclb.policy.builtin;

import org.jspecify.annotations.NullMarked;
