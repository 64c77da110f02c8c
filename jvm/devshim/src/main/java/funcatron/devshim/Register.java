package funcatron.devshim;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;

/**
 * Connects this process to {@code funcatron dev}, which from then on has it answer the calls of the
 * contract: with breakpoints, hot code replacement and whatever else the IDE offers.
 *
 * <pre>{@code
 * public static void main(String[] args) throws Exception {
 *     Register.register(new File("src/main/resources/funcatron.yaml"));
 * }
 * }</pre>
 *
 * <p>Registering returns at once. The process stays alive until {@link #shutdown()}, waits for
 * {@code funcatron dev} to start, and connects again after it has gone. The contract and the props
 * are read again when their files change.
 */
public final class Register {
    private static final String HOST = "localhost";
    private static final int PORT = 54657;

    private static Shim current;

    private Register() {}

    /**
     * Registers with {@code localhost:54657}.
     *
     * @param swagger the file of the contract, YAML or JSON
     * @throws IOException if there is no such file
     */
    public static void register(File swagger) throws IOException {
        register(HOST, PORT, swagger, null);
    }

    /**
     * Registers with {@code localhost:54657}.
     *
     * @param swagger the file of the contract, YAML or JSON
     * @param props a JSON file of what the bundle is enabled with
     * @throws IOException if there is no such file
     */
    public static void register(File swagger, File props) throws IOException {
        register(HOST, PORT, swagger, props);
    }

    /**
     * Registers with a port of {@code localhost}.
     *
     * @param port of {@code funcatron dev}
     * @param swagger the file of the contract, YAML or JSON
     * @throws IOException if there is no such file
     */
    public static void register(int port, File swagger) throws IOException {
        register(HOST, port, swagger, null);
    }

    /**
     * Registers with a port of {@code localhost}.
     *
     * @param port of {@code funcatron dev}
     * @param swagger the file of the contract, YAML or JSON
     * @param props a JSON file of what the bundle is enabled with
     * @throws IOException if there is no such file
     */
    public static void register(int port, File swagger, File props) throws IOException {
        register(HOST, port, swagger, props);
    }

    /**
     * Registers with port 54657 of a host.
     *
     * @param host of {@code funcatron dev}
     * @param swagger the file of the contract, YAML or JSON
     * @throws IOException if there is no such file
     */
    public static void register(String host, File swagger) throws IOException {
        register(host, PORT, swagger, null);
    }

    /**
     * Registers with port 54657 of a host.
     *
     * @param host of {@code funcatron dev}
     * @param swagger the file of the contract, YAML or JSON
     * @param props a JSON file of what the bundle is enabled with
     * @throws IOException if there is no such file
     */
    public static void register(String host, File swagger, File props) throws IOException {
        register(host, PORT, swagger, props);
    }

    /**
     * Registers with a host and port.
     *
     * @param host of {@code funcatron dev}
     * @param port of {@code funcatron dev}
     * @param swagger the file of the contract, YAML or JSON
     * @throws IOException if there is no such file
     */
    public static void register(String host, int port, File swagger) throws IOException {
        register(host, port, swagger, null);
    }

    /**
     * Registers with a host and port. What was registered before is shut down.
     *
     * @param host of {@code funcatron dev}
     * @param port of {@code funcatron dev}
     * @param swagger the file of the contract, YAML or JSON
     * @param props a JSON file of what the bundle is enabled with, or {@code null}: then the props
     *     of {@code funcatron dev} are taken
     * @throws IOException if there is no such file
     */
    public static synchronized void register(String host, int port, File swagger, File props)
            throws IOException {
        assertFile(swagger);
        if (props != null) assertFile(props);
        shutdown();
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        if (loader == null) loader = Register.class.getClassLoader();
        current = new Shim(host, port, new WatchedFile(swagger), new Calls(loader, props));
        current.start();
    }

    /** Disconnects, and lets the process end if nothing else keeps it. */
    public static synchronized void shutdown() {
        if (current != null) current.close();
        current = null;
    }

    private static void assertFile(File file) throws FileNotFoundException {
        if (!file.isFile()) {
            throw new FileNotFoundException(
                    "there is no file " + file.getAbsolutePath() + " to register");
        }
    }
}
