package bench;

import funcatron.intf.Context;
import funcatron.intf.Func;

/** Answers the bytes it was sent. */
public class EchoBlob implements Func<byte[]> {
    @Override
    public Object apply(byte[] bytes, Context context) {
        return bytes;
    }
}
