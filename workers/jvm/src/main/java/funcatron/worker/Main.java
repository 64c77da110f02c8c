package funcatron.worker;

import funcatron.worker.train.Training;
import funcatron.worker.wire.ControlStream;
import java.io.IOException;

/** The process: {@code FUNCATRON_SOCKET=<path> java -jar worker.jar}, or {@code --train}. */
public final class Main {
    private static final int RUNNER_GONE = 1;
    private static final int BROKEN = 4;

    private Main() {}

    /** Serves until the runner has gone. */
    public static void main(String[] arguments) throws Exception {
        boolean isTraining = arguments.length > 0 && arguments[0].equals("--train");
        String socket = isTraining ? Training.begin() : System.getenv("FUNCATRON_SOCKET");
        if (socket == null) {
            System.err.println("FUNCATRON_SOCKET is not set: this program is started by a runner");
            Runtime.getRuntime().halt(BROKEN);
        }
        int code = RUNNER_GONE;
        try {
            Hello.prepare();
            new Control(ControlStream.open(socket)).run();
        } catch (IOException gone) {
            // Without a runner there is nothing to do.
        } catch (Throwable broken) {
            System.err.println("worker ends: " + broken);
            code = BROKEN;
        }
        if (!isTraining) { // which ends the process itself: an archive is written on the way
            Runtime.getRuntime().halt(code);
        }
    }
}
