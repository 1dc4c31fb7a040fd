/** What a host does to each channel that it makes: {@link io.github.grpclb.client.ChannelSetup}. */
@NullMarked
package io.github.grpclb.client;

import org.jspecify.annotations.NullMarked;
