package io.github.grpclb.xds.ads;

import io.github.grpclb.xds.resource.ResourceType;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where streams find what they were asked for. For the loop's thread. */
interface Catalog {

    /** Has somebody hear of a resource's changes, and whatever feeds it followed for as long as anybody does. */
    void follow(ResourceType type, String name, ChangeListener listener);

    /** Has it hear no more of that one. */
    void unfollow(ResourceType type, String name, ChangeListener listener);

    /**
     * Looks for a resource that is followed.
     *
     * @param zone of the client that asks, or null
     */
    Found find(ResourceType type, String name, @Nullable String zone);

    /** Returns the names of all services that are known to be there, and has the listener hear of others as they come. */
    Set<String> followAll(ChangeListener listener);

    /** Has it hear no more of services that come. */
    void unfollowAll(ChangeListener listener);

    /** Hears of changes: of a few more than there are. */
    interface ChangeListener {

        void changed(ResourceType type, String name);

        /** A service is there that was not. */
        void added(String service);
    }
}
