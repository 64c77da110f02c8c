package funcatron.worker.bundle;

import funcatron.worker.json.Mapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Runs once what every bundle runs at its start. */
public final class BundleWarmup {
    private BundleWarmup() {}

    /** Reads and writes JSON, looks for a package, rewrites a class. */
    public static void run() {
        PlatformPackages.have("funcatron.worker.Main");
        Mapper mapper = new Mapper();
        byte[] json = "{\"a\":[1,2.5,\"b\",true,null]}".getBytes(StandardCharsets.US_ASCII);
        mapper.writer.apply(mapper.reader.apply(new ByteArrayInputStream(json), HashMap.class));
        mapper.writer.apply(Map.of("a", 1L));
        String path = "/funcatron/worker/Main.class";
        try (InputStream in = BundleWarmup.class.getResourceAsStream(path)) {
            if (in != null) {
                Rewriter.rewrite("", in.readAllBytes()); // it asks for variables, and halts
            }
        } catch (IOException absent) {
            // Then the first bundle does it.
        }
    }
}
