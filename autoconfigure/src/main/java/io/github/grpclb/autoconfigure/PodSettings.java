package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.BlankIsAbsent;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Kubernetes' downward API says of the pod that this process runs in: its name, in an environment variable, and its zone, in
 * another one or in the file of the pod's labels. Both are checked where they are asked for: what nobody needs may be wrong. Thread-safe.
 */
final class PodSettings {

    static final String POD_NAME = "POD_NAME";
    static final String TOPOLOGY_ZONE = "TOPOLOGY_ZONE";

    private static final String FILE = "grpc.lb.pod-labels-file";
    private static final String DEFAULT_FILE = "/etc/podinfo/labels";
    private static final String ZONE_LABEL = "topology.kubernetes.io/zone";

    /** As the kubelet writes it: one label a line, the value quoted as Go quotes it. */
    private static final Pattern ZONE_LINE = Pattern.compile("(?m)^" + Pattern.quote(ZONE_LABEL) + "=(.*)$");

    private static final Pattern QUOTED = Pattern.compile("\"([^\"\\\\]*)\"");

    /** Of labels and annotations together Kubernetes keeps less than that. */
    private static final int MOST_BYTES = 1 << 20;

    /** A DNS subdomain, as the name of each pod is one. */
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?");

    /** A label's value. */
    private static final Pattern ZONE = Pattern.compile("[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?");

    private static final Logger log = LoggerFactory.getLogger(PodSettings.class);

    /**
     * What is said, and where.
     *
     * @param source as a log names it
     */
    record Said(String value, String source) {}

    private final @Nullable String name;
    private final @Nullable String zone;
    private final String file;
    private volatile @Nullable Optional<Said> known;

    /**
     * Reads the variables, and no file yet.
     *
     * @param variables returns an environment variable, or null
     * @param file where the labels are
     */
    PodSettings(Function<String, @Nullable String> variables, String file) {
        this.name = BlankIsAbsent.textOrNull(variables.apply(POD_NAME));
        this.zone = BlankIsAbsent.textOrNull(variables.apply(TOPOLOGY_ZONE));
        this.file = file;
    }

    /**
     * Returns the pod's name.
     *
     * @throws InvalidPropertyException if what is said cannot be one. All pods of a service that say the same wrong thing, such as a
     *     placeholder that nobody has replaced, would share one id: then calls that name a server go anywhere
     */
    Optional<Said> name() {
        if (name == null) {
            return Optional.empty();
        }
        if (!NAME.matcher(name.strip()).matches()) {
            throw new InvalidPropertyException(
                    POD_NAME,
                    name,
                    "the name of this pod: lower-case letters, digits, '-' and '.', at most 253",
                    "Set it from metadata.name, remove the variable, or set grpc.lb.registration.id.");
        }
        return Optional.of(new Said(name.strip(), "environment variable " + POD_NAME));
    }

    /**
     * Returns the pod's zone: what the environment says, else the label. The file is read once.
     *
     * @throws InvalidPropertyException if what is said cannot be one
     */
    Optional<Said> zone() {
        Optional<Said> zone = known;
        if (zone == null) {
            zone = this.zone != null ? Optional.of(ofVariable(this.zone)) : ofLabel();
            known = zone;
        }
        return zone;
    }

    /** Returns where the zone is looked for, for a sentence. */
    String zoneSources() {
        return "the environment variable " + TOPOLOGY_ZONE + " or the label " + ZONE_LABEL + " in " + file + " (" + FILE
                + ")";
    }

    private static Said ofVariable(String zone) {
        if (!ZONE.matcher(zone.strip()).matches()) {
            throw new InvalidPropertyException(
                    TOPOLOGY_ZONE,
                    zone,
                    "the name of a zone: letters, digits, '-', '_' and '.', at most 63",
                    "Set it from metadata.labels['" + ZONE_LABEL + "'], or remove the variable.");
        }
        return new Said(zone.strip(), "environment variable " + TOPOLOGY_ZONE);
    }

    private Optional<Said> ofLabel() {
        Matcher line = ZONE_LINE.matcher(labels());
        if (!line.find()) {
            return Optional.empty();
        }
        Matcher quoted = QUOTED.matcher(line.group(1).strip());
        if (quoted.matches() && quoted.group(1).isEmpty()) {
            return Optional.empty(); // a label may have no value
        }
        if (!quoted.matches() || !ZONE.matcher(quoted.group(1)).matches()) {
            throw new InvalidPropertyException(
                    FILE,
                    line.group(),
                    ZONE_LABEL + "=\"zone\", as the downward API writes a pod's labels to " + file,
                    "Mount the field metadata.labels there, or set the environment variable " + TOPOLOGY_ZONE + ".");
        }
        return Optional.of(new Said(quoted.group(1), "label " + ZONE_LABEL + " in " + file));
    }

    private String labels() {
        try (InputStream labels = Files.newInputStream(Path.of(file))) {
            return new String(labels.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
        } catch (InvalidPathException e) {
            throw new InvalidPropertyException(FILE, file, "the path of a file", "Correct the property.", e);
        } catch (NoSuchFileException e) {
            if (!file.equals(DEFAULT_FILE)) {
                log.warn("{}: there is no file {}; no zone is known", FILE, file);
            }
        } catch (IOException e) {
            log.warn("{}: {} cannot be read, and no zone is known: {}", FILE, file, e.toString());
        }
        return "";
    }
}
