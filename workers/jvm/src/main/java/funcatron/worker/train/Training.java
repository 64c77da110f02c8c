package funcatron.worker.train;

/** placeholder */
public final class Training {
    public static void run() {}
}
