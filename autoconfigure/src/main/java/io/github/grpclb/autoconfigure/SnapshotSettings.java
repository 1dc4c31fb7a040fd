package io.github.grpclb.autoconfigure;

import io.github.grpclb.autoconfigure.properties.GrpcLbProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.snapshot.SnapshotOptions;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Makes the snapshots' options out of the properties, and names the property in what is wrong. */
record SnapshotSettings(GrpcLbProperties.Snapshot properties) {

    private static final String PREFIX = "grpc.lb.snapshot.";

    /** Returns the options, or null where no snapshots are wanted. */
    @Nullable
    SnapshotOptions options() {
        String directory = properties.directory();
        if (directory == null || directory.isBlank()) {
            return null;
        }
        try {
            return new SnapshotOptions(Path.of(directory.strip()), properties.maxAge());
        } catch (InvalidPathException e) {
            throw unusable("directory", directory, "the path of a directory", e);
        } catch (IllegalValueException e) {
            throw unusable("max-age", InvalidPropertyException.shown(properties.maxAge()), e.expected(), e);
        }
    }

    /** Says that the directory cannot be used. */
    InvalidPropertyException refused(IllegalValueException refusal) {
        return InvalidPropertyException.of(refusal, PREFIX + refusal.name());
    }

    private static InvalidPropertyException unusable(String name, String value, String expected, Exception cause) {
        return new InvalidPropertyException(
                PREFIX + name, value, expected, "Correct the property, or leave " + PREFIX + "directory out.", cause);
    }
}
