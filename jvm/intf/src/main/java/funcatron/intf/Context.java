package funcatron.intf;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.logging.Logger;

/** A call: what was asked, by whom, and what the bundle may use to answer it. */
public interface Context {
    /**
     * Everything known about the call, by the names of the request map: {@code request-method},
     * {@code uri}, {@code headers}, {@code parameters} and so on.
     *
     * @return the map; it belongs to the call and is not to be changed
     */
    Map<Object, Object> getRequestInfo();

    /**
     * A logger whose lines carry the id of this call.
     *
     * @return the logger
     */
    Logger getLogger();

    /**
     * The path of the request.
     *
     * @return the path, base path included, without the query
     */
    String getURI();

    /**
     * The content type of the request.
     *
     * @return the header as it was sent, or {@code null}
     */
    String contentType();

    /**
     * The declared parameters, checked and typed, by place: {@code path}, {@code query},
     * {@code body}, and {@code header} and {@code formData} where the contract declares such.
     *
     * @return place to name to value
     */
    Map<String, Map<String, Object>> getRequestParams();

    /**
     * The headers of the request.
     *
     * @return name in lower case to value, or to a list of values
     */
    Map<String, Object> getHeaders();

    /**
     * The declared query parameters, checked and typed.
     *
     * @return name to value; {@code null} for an optional one that was not sent
     */
    Map<String, Object> getQueryParams();

    /**
     * The path parameters, checked and typed.
     *
     * @return name to value
     */
    Map<String, Object> getPathParams();

    /**
     * The body as the contract describes it, under the name of its parameter.
     *
     * @return name to parsed value
     */
    Map<String, Object> getBodyParams();

    /**
     * Path and query parameters in one map; where both have a name, the query's value is taken.
     *
     * @return name to value
     */
    Map<String, Object> getMergedParams();

    /**
     * The scheme of the request.
     *
     * @return {@code http} or {@code https}
     */
    String getScheme();

    /**
     * The host that was asked.
     *
     * @return its name, or {@code null} if the request did not say
     */
    String getHost();

    /**
     * The method of the request.
     *
     * @return the method in lower case, such as {@code get}
     */
    String getMethod();

    /**
     * The services that the props of this bundle set up.
     *
     * @return their names
     */
    Set<String> services();

    /**
     * The vendor of a service.
     *
     * @param name a name of {@link #services()}
     * @return the vendor, if there is such a service
     */
    Optional<ServiceVendor<?>> serviceForName(String name);

    /**
     * The vendor of a service, if it vends what is wanted.
     *
     * @param name a name of {@link #services()}
     * @param type what it is to vend
     * @param <T> what it is to vend
     * @return the vendor, if there is such a service of that type
     */
    @SuppressWarnings("unchecked")
    default <T> Optional<ServiceVendor<T>> serviceForName(String name, Class<T> type) {
        return serviceForName(name)
                .filter(vendor -> vendor.ofType(type))
                .map(vendor -> (ServiceVendor<T>) vendor);
    }

    /**
     * An item of a service for this call, such as a connection in a transaction. It is released
     * when the call ends: committed if the Func returned, rolled back if it threw.
     *
     * @param name a name of {@link #services()}
     * @param type what is wanted, for example {@code java.sql.Connection.class}
     * @param <T> what is wanted
     * @return the item, if there is such a service of that type
     * @throws Exception if the service cannot give one
     */
    <T> Optional<T> vendForName(String name, Class<T> type) throws Exception;

    /**
     * What the bundle was enabled with.
     *
     * @return the props; they cannot be changed
     */
    Map<String, Object> properties();

    /**
     * The bundle that answers this call.
     *
     * @return {@code name}, {@code sha} and {@code version}; empty where the host does not say
     */
    default Map<String, Object> getBundle() {
        return CallFacts.map(getRequestInfo(), "$bundle");
    }

    /**
     * Who calls, as the security scheme of the operation found.
     *
     * @return {@code scheme}, {@code subject} and what else the scheme knows; empty if the
     *     operation asks for no security
     */
    default Optional<Map<String, Object>> getAuth() {
        Map<String, Object> auth = CallFacts.map(getRequestInfo(), "$auth");
        return auth.isEmpty() ? Optional.empty() : Optional.of(auth);
    }

    /**
     * The id of this call, which is on its log lines and in its answer.
     *
     * @return the id, or {@code null} where the host does not say
     */
    default String getRequestId() {
        return getRequestInfo().get("$requestId") instanceof String id ? id : null;
    }

    /**
     * The cookies of the request.
     *
     * @return name to value
     */
    default Map<String, Object> getCookies() {
        return CallFacts.map(getRequestInfo(), "$cookies");
    }

    /**
     * Whether nobody waits for the answer any more: the deadline has passed, or the caller has
     * gone. The thread of the call is interrupted as well.
     *
     * @return true from then on
     */
    default boolean isCancelled() {
        return getRequestInfo().get("$cancelled") instanceof BooleanSupplier cancelled
                && cancelled.getAsBoolean();
    }
}
