package funcatron.service.spring_boot.servlet;

import funcatron.service.spring_boot.servlet.Settings.ErrorPage;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Answers what failed: with the application's page for it, or shortly, in JSON. */
final class ErrorPages {
    private static final Log LOG = LogFactory.getLog(ErrorPages.class);

    private final WebContext context;
    private final List<ErrorPage> pages;

    ErrorPages(WebContext context, List<ErrorPage> pages) {
        this.context = context;
        this.pages = pages;
    }

    /** Answers an exception that the application let through. */
    void answer(Request request, Response response, Throwable thrown) {
        Throwable root = rootOf(thrown);
        if (root instanceof Error error && isOfHost(error)) throw error;
        LOG.error(request.getMethod() + " " + request.getRequestURI() + " failed", root);
        request.setAttribute(RequestDispatcher.ERROR_EXCEPTION, root);
        request.setAttribute(RequestDispatcher.ERROR_EXCEPTION_TYPE, root.getClass());
        String message = root.getMessage();
        answer(request, response, 500, message, pageFor(thrown, root));
    }

    /** What ends more than this call. */
    private static boolean isOfHost(Error error) {
        return error instanceof OutOfMemoryError
                || error.getClass().getName().startsWith("funcatron.worker.");
    }

    /** Answers a status that the application asked for by {@code sendError}. */
    void answer(Request request, Response response) {
        int status = response.errorStatus();
        answer(request, response, status, response.errorMessage(), pageFor(status));
    }

    private void answer(
            Request request, Response response, int status, String message, ErrorPage page) {
        response.beginError(status);
        request.setAttribute(RequestDispatcher.ERROR_STATUS_CODE, status);
        request.setAttribute(RequestDispatcher.ERROR_REQUEST_URI, request.getRequestURI());
        request.setAttribute(RequestDispatcher.ERROR_MESSAGE, message == null ? "" : message);
        if (request.match() != null)
            request.setAttribute(
                    RequestDispatcher.ERROR_SERVLET_NAME, request.match().getServletName());
        try {
            if (page != null) {
                send(request, response, page);
                if (response.errorStatus() == 0) return;
            }
            writeShortly(response, response.errorStatus() == 0 ? status : response.errorStatus());
        } catch (IOException | ServletException | RuntimeException error) {
            LOG.error("the page for a status of " + status + " failed", error);
            writeShortly(response, status);
        }
    }

    private void send(HttpServletRequest request, Response response, ErrorPage page)
            throws IOException, ServletException {
        Forward.to(context, page.path()).send(DispatcherType.ERROR, request, response);
    }

    private static void writeShortly(Response response, int status) {
        response.beginError(status);
        response.setContentType("application/json");
        String text = "{\"status\":" + status + "}";
        try {
            response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException gone) {
            LOG.debug("nobody waits for the answer", gone);
        }
    }

    private static Throwable rootOf(Throwable thrown) {
        Throwable root = thrown;
        while (root instanceof ServletException && root.getCause() != null) root = root.getCause();
        return root;
    }

    private ErrorPage pageFor(Throwable thrown, Throwable root) {
        ErrorPage page = pageOf(thrown.getClass());
        if (page == null) page = pageOf(root.getClass());
        return page == null ? pageFor(500) : page;
    }

    private ErrorPage pageOf(Class<?> thrown) {
        for (Class<?> type = thrown; type != null; type = type.getSuperclass())
            for (ErrorPage page : pages) if (page.thrown() == type) return page;
        return null;
    }

    private ErrorPage pageFor(int status) {
        ErrorPage any = null;
        for (ErrorPage page : pages) {
            if (page.thrown() != null) continue;
            if (page.status() == status) return page;
            if (page.status() == 0) any = page;
        }
        return any;
    }
}
