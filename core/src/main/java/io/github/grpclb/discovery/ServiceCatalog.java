package io.github.grpclb.discovery;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Which services a registry has. Each question is answered by the registry itself, and costs it a read of all that is registered: it is
 * for people and for who asks seldom. Thread-safe.
 */
public interface ServiceCatalog {

    /** How many services are told of at most. */
    int MOST_SERVICES = 10_000;

    /**
     * Asks.
     *
     * @return completes within seconds with what is registered now; exceptionally where the registry does not answer, or does not allow
     *     it, with a message that says why
     */
    CompletableFuture<Services> services();

    /**
     * What is registered.
     *
     * @param revision the registry's revision at which it was read; 0 when it has none
     * @param services in the order of their names, each with one server at least
     * @param complete whether these are all; else there are more than are read at once
     */
    record Services(long revision, List<Service> services, boolean complete) {

        public Services {
            services = List.copyOf(services);
        }
    }

    /**
     * A service.
     *
     * @param name its name, which is a {@linkplain ServiceName valid} one
     * @param servers how many records it has, readable or not, from 1
     */
    record Service(String name, int servers) {}
}
