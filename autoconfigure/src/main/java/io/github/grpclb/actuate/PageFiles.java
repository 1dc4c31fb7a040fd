package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Internal;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.core.io.Resource;

/**
 * Gives a browser the files of the {@link Page}. Where the endpoint also changes something, {@link GrpcLbOperations} does: Spring Boot takes
 * one such extension of an endpoint.
 */
@Internal
@EndpointWebExtension(endpoint = GrpcLbEndpoint.class)
public final class PageFiles {

    private final Page page;

    public PageFiles(Page page) {
        this.page = page;
    }

    /** Returns a file of the page; null where there is none of that name. */
    @ReadOperation
    public @Nullable WebEndpointResponse<Resource> file(@Selector String section, @Selector String name) {
        return page.file(section, name);
    }
}
