package io.github.grpclb.xds.ads;

import io.github.grpclb.xds.resource.Resource;

/** What became of looking for a resource. */
sealed interface Found {

    /** It is there. */
    record Present(Resource resource) implements Found {}

    /** There is no such thing: its service has never had a server, or can be none. */
    record Absent() implements Found {}

    /** Nobody knows yet: the registry has not answered. */
    record Unknown() implements Found {}

    /**
     * Nobody knows, for longer than clients wait for an answer: who had it keeps it, since a registry or name server that is away is no
     * reason to take it from anybody; to all others it is as good as absent. The same holds for what is there and cannot be told.
     */
    record Silent() implements Found {}

    Found ABSENT = new Absent();

    Found UNKNOWN = new Unknown();

    Found SILENT = new Silent();
}
