package io.github.grpclb.client;

import io.grpc.ClientInterceptor;

/**
 * An interceptor that a host puts beneath all others of a channel: their callbacks, and the application's, run within its own, and a call
 * reaches it with what they have made of it.
 */
public interface InnerInterceptor extends ClientInterceptor {}
