/** What clients are told of a service: the xDS resources that are made of its endpoints and its settings. */
@NullMarked
package io.github.grpclb.xds.resource;

import org.jspecify.annotations.NullMarked;
