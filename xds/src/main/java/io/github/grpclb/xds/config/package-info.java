/** What whoever runs a control plane chooses: what clients are told, and how much they may ask for. */
@NullMarked
package io.github.grpclb.xds.config;

import org.jspecify.annotations.NullMarked;
