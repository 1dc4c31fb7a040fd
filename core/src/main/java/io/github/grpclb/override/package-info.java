/** What operators override for a while: weights, servers that take no calls, policies and splits. */
@NullMarked
package io.github.grpclb.override;

import org.jspecify.annotations.NullMarked;
