/** The command line for operators. */
@NullMarked
package io.github.grpclb.cli;

import org.jspecify.annotations.NullMarked;
