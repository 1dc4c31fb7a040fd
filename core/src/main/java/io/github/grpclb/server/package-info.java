/** When this process announces itself and when it withdraws: its server started, it drains, it stopped. */
@NullMarked
package io.github.grpclb.server;

import org.jspecify.annotations.NullMarked;
