/** Where calls would go: real picks of copies, in virtual time, that have no effect on the channel. */
@NullMarked
package io.github.grpclb.balancer.dryrun;

import org.jspecify.annotations.NullMarked;
