package funcatron.jvm_services.clojure;

import clojure.lang.ExceptionInfo;
import clojure.lang.Keyword;
import clojure.lang.Var;
import funcatron.intf.FuncException;
import funcatron.intf.impl.ContextImpl;
import java.io.InputStream;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.logging.Logger;

/** Answers the calls of one function, which may be redefined between them. */
final class FunctionCall
        implements BiFunction<InputStream, Map<Object, Object>, Map<Object, Object>> {
    private static final Keyword STATUS = Keyword.intern("status");

    private final Var function;
    private final BiFunction<InputStream, Class<?>, Object> reader;
    private final Function<Object, byte[]> writer;

    FunctionCall(
            Var function,
            BiFunction<InputStream, Class<?>, Object> reader,
            Function<Object, byte[]> writer) {
        this.function = function;
        this.reader = reader;
        this.writer = writer;
    }

    @Override
    public Map<Object, Object> apply(InputStream stream, Map<Object, Object> request) {
        Logger logger =
                request.get("$logger") instanceof Logger given
                        ? given
                        : Logger.getLogger(function.ns.toString());
        CallMap call = new CallMap(request, logger);
        boolean done = false;
        try {
            Object data = CallData.read(stream, call, reader);
            FunctionResult result = FunctionResult.of(function.invoke(data, call));
            Map<Object, Object> answer =
                    ContextImpl.responseObjectToResponseMap(
                            null, result.value(), call, writer, result.head(), logger);
            done = true;
            return answer;
        } catch (ExceptionInfo error) {
            throw refusal(error);
        } catch (RuntimeException error) {
            throw error;
        } catch (Exception error) {
            throw new RuntimeException("Failed to apply function", error);
        } finally {
            if (!done) call.finished(false);
        }
    }

    /** {@code (throw (ex-info "in use" {:status 409}))} chooses the status. */
    private static RuntimeException refusal(ExceptionInfo error) {
        boolean isRefusal =
                error.getData().valAt(STATUS) instanceof Number status
                        && status.intValue() >= 400
                        && status.intValue() <= 599;
        if (!isRefusal) return error;
        int status = ((Number) error.getData().valAt(STATUS)).intValue();
        return new FuncException(status, error.getMessage(), error);
    }
}
