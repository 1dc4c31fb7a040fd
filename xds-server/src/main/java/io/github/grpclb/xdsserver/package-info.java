/** The control plane as an application. */
@NullMarked
package io.github.grpclb.xdsserver;

import org.jspecify.annotations.NullMarked;
