/** Host names of endpoints, and the addresses that they lead to. */
@NullMarked
package io.github.grpclb.discovery.hosts;

import org.jspecify.annotations.NullMarked;
