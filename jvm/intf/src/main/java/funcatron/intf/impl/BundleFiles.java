package funcatron.intf.impl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** The files that a bundle may have for its host. */
final class BundleFiles {
    private static final String POM = "META-INF/maven/funcatron/intf/pom.properties";

    private BundleFiles() {}

    static Map<String, Object> contract(ClassLoader loader) {
        Map<String, Object> found = contract(loader, "funcatron.yaml", "yaml");
        if (found == null) found = contract(loader, "funcatron.yml", "yaml");
        return found == null ? contract(loader, "funcatron.json", "json") : found;
    }

    private static Map<String, Object> contract(ClassLoader loader, String file, String type) {
        try (InputStream stream = loader.getResourceAsStream(file)) {
            if (stream == null) return null;
            Map<String, Object> contract = new HashMap<>();
            contract.put("type", type);
            contract.put("swagger", new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            return contract;
        } catch (IOException error) {
            throw new UncheckedIOException(file + " cannot be read", error);
        }
    }

    static String version(ClassLoader loader) {
        try (InputStream stream = loader.getResourceAsStream(POM)) {
            if (stream == null) return "?";
            Properties properties = new Properties();
            properties.load(stream);
            return properties.getProperty("version", "?");
        } catch (IOException | IllegalArgumentException error) {
            return "?";
        }
    }
}
