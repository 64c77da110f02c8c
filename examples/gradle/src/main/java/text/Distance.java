package text;

import funcatron.intf.Context;
import funcatron.intf.Func;
import java.util.Map;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** How far two texts are from each other. */
public class Distance implements Func<Distance.Texts> {
    public record Texts(String from, String to) {}

    @Override
    public Object post(Texts texts, Context context) {
        int distance = LevenshteinDistance.getDefaultInstance().apply(texts.from(), texts.to());
        return Map.of("distance", distance);
    }
}
