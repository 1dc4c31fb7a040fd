package io.github.grpclb.server;

/**
 * What arrives at one server. Each server has its own: the calls and streams of another server of the same process neither keep a
 * server that drains, nor end with it. Thread-safe.
 *
 * @param newCalls hears of each call that arrives
 * @param streams hears of each stream that begins and ends
 */
public record ServerTraffic(QuietPeriod newCalls, OpenStreams streams) {

    /** Creates it for a server that nothing has arrived at yet. */
    public ServerTraffic() {
        this(new QuietPeriod(), new OpenStreams());
    }
}
