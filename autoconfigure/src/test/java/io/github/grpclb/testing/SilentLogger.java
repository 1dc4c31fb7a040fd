package io.github.grpclb.testing;

import io.grpc.ChannelLogger;

/** Logs nothing. */
final class SilentLogger extends ChannelLogger {

    @Override
    public void log(ChannelLogLevel level, String message) {}

    @Override
    public void log(ChannelLogLevel level, String format, Object... arguments) {}
}
