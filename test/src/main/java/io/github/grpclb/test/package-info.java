/** What users test with. */
@NullMarked
package io.github.grpclb.test;

import org.jspecify.annotations.NullMarked;
