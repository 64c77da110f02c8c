package funcatron.devshim;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/** A file whose text is wanted again when it has changed. */
final class WatchedFile {
    private final File file;
    private String text;

    WatchedFile(File file) {
        this.file = file;
    }

    /** The new text, or null if it is as it was, or cannot be read: while an editor replaces it. */
    synchronized String changed() {
        String now;
        try {
            now = Files.readString(file.toPath(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            return null;
        }
        if (now.equals(text)) return null;
        text = now;
        return now;
    }

    /** Has the next `changed` give the text, whatever it is. */
    synchronized void forget() {
        text = null;
    }

    String name() {
        return file.getPath();
    }
}
