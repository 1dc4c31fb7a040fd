package io.github.grpclb.actuate;

import io.github.grpclb.discovery.Internal;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.util.MimeType;

/**
 * The page {@code grpclb/ui} over the endpoint's sections, for a browser: files in the jar, which load nothing from elsewhere. Immutable.
 */
@Internal
public final class Page implements Section {

    private static final String NAME = "ui";
    private static final String INDEX = "index.html";

    /** What there is; nothing else of the class path can be asked for. */
    private static final Map<String, MimeType> FILES = Map.of(
            INDEX,
            MimeType.valueOf("text/html;charset=UTF-8"),
            "page.js",
            MimeType.valueOf("text/javascript;charset=UTF-8"),
            "page.css",
            MimeType.valueOf("text/css;charset=UTF-8"),
            "icon.svg",
            MimeType.valueOf("image/svg+xml"));

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public WebEndpointResponse<Resource> read(SectionQuery query) {
        return file(INDEX);
    }

    /** Returns a file of the page; null where there is none of that name. */
    @Nullable
    WebEndpointResponse<Resource> file(String section, String name) {
        return section.equals(NAME) && FILES.containsKey(name) ? file(name) : null;
    }

    private static WebEndpointResponse<Resource> file(String name) {
        return new WebEndpointResponse<>(
                new ClassPathResource("ui/" + name, Page.class), WebEndpointResponse.STATUS_OK, FILES.get(name));
    }
}
