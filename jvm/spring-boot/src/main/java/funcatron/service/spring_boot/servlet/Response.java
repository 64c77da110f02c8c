package funcatron.service.spring_boot.servlet;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.Cookie;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;

/** What servlets answer: kept until it is whole, too much, or flushed; then it is committed. */
final class Response extends ResponseHead {
    private static final int BUFFER = 8192;

    private final Exchange exchange;
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream();
    private final ServletOutputStream stream = new Out();
    private int bufferSize = BUFFER;
    private volatile boolean isCommitted;
    private boolean isStreamTaken;
    private PrintWriter writer;
    private boolean isDeaf;
    private int errorStatus;
    private String errorMessage;

    Response(Exchange exchange) {
        this.exchange = exchange;
        String charset = exchange.app().context().getResponseCharacterEncoding();
        if (charset != null) setCharacterEncoding(charset);
    }

    /** The status that {@code sendError} asked for; 0 if it was not called. */
    int errorStatus() {
        return errorStatus;
    }

    String errorMessage() {
        return errorMessage;
    }

    /** Makes room for the page of an error: the body is void; headers stay, such as who may ask. */
    void beginError(int status) {
        isCommitted = false;
        errorStatus = 0;
        resetBuffer();
        writer = null;
        isStreamTaken = false;
        setContentLengthLong(-1);
        setStatus(status);
    }

    /** The last byte was written. */
    void complete() throws IOException {
        if (writer != null) writer.flush();
        commit();
    }

    /** What the application may not change any more; after {@code sendError} that is everything. */
    @Override
    public boolean isCommitted() {
        return isCommitted || errorStatus != 0;
    }

    /** Whether status and headers may be told. */
    boolean isHeadFinal() {
        return isCommitted;
    }

    @Override
    void awaitTurn() {
        exchange.awaitTurn();
    }

    @Override
    boolean hasWriter() {
        return writer != null;
    }

    private void commit() throws IOException {
        if (!isCommitted) exchange.committing();
        isCommitted = true;
        byte[] bytes = buffer.toByteArray();
        buffer.reset();
        exchange.write(bytes, 0, bytes.length);
    }

    private void write(byte[] bytes, int offset, int length) throws IOException {
        awaitTurn();
        if (errorStatus != 0 || isDeaf) return;
        if (!isCommitted && buffer.size() + length <= bufferSize) {
            buffer.write(bytes, offset, length);
            return;
        }
        if (!isCommitted || buffer.size() > 0) commit();
        exchange.write(bytes, offset, length);
    }

    @Override
    public void flushBuffer() throws IOException {
        if (writer != null) writer.flush();
        else flush();
    }

    private void flush() throws IOException {
        awaitTurn();
        if (errorStatus == 0 && !isDeaf) commit();
    }

    @Override
    public ServletOutputStream getOutputStream() {
        if (writer != null) throw new IllegalStateException("getWriter was called");
        isStreamTaken = true;
        return stream;
    }

    @Override
    public PrintWriter getWriter() {
        if (writer != null) return writer;
        if (isStreamTaken) throw new IllegalStateException("getOutputStream was called");
        setCharacterEncoding(getCharacterEncoding());
        Charset charset = Charset.forName(getCharacterEncoding());
        writer = new PrintWriter(new OutputStreamWriter(stream, charset));
        return writer;
    }

    @Override
    public void setBufferSize(int size) {
        bufferSize = Math.max(size, BUFFER);
    }

    @Override
    public int getBufferSize() {
        return bufferSize;
    }

    @Override
    public void resetBuffer() {
        awaitTurn();
        if (isCommitted()) throw new IllegalStateException("the response is committed");
        emptyWriter();
        buffer.reset();
        exchange.dropWritten();
    }

    /** What the writer has not passed on yet goes nowhere. */
    private void emptyWriter() {
        isDeaf = true;
        if (writer != null) writer.flush();
        isDeaf = false;
    }

    @Override
    public void reset() {
        resetBuffer();
        clearHead();
        writer = null;
        isStreamTaken = false;
    }

    @Override
    public void sendError(int status) throws IOException {
        sendError(status, null);
    }

    @Override
    public void sendError(int status, String message) throws IOException {
        resetBuffer();
        setStatus(status);
        errorStatus = status;
        errorMessage = message;
    }

    @Override
    public void sendRedirect(String location) throws IOException {
        resetBuffer();
        setStatus(SC_FOUND);
        setHeader("location", location);
        commit();
    }

    @Override
    public void addCookie(Cookie cookie) {
        addHeader("set-cookie", CookieText.write(cookie, exchange.app().sameSite(cookie)));
    }

    /** Sessions are named by cookies: no URL carries one. */
    @Override
    public String encodeURL(String url) {
        return url;
    }

    @Override
    public String encodeRedirectURL(String url) {
        return url;
    }

    private final class Out extends ServletOutputStream {
        @Override
        public void write(int value) throws IOException {
            Response.this.write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Response.this.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            Response.this.flush();
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            throw new IllegalStateException("bodies are written by blocking calls only");
        }
    }
}
