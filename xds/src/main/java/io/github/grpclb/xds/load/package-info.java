/** What clients report of the calls that they made: how a report is read, by which names, and what all of them come to. */
@NullMarked
package io.github.grpclb.xds.load;

import org.jspecify.annotations.NullMarked;
