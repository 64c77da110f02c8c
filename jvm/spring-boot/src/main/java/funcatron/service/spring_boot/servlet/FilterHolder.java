package funcatron.service.spring_boot.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A filter that was registered, and what it stands before. */
final class FilterHolder extends Holder implements FilterRegistration.Dynamic, FilterConfig {
    private record Place(Set<DispatcherType> types, List<String> names, boolean areServlets) {}

    private final Filter filter;
    private final List<Place> places = new ArrayList<>();

    FilterHolder(String name, Filter filter, ServletContext context) {
        super(name, filter.getClass().getName(), context);
        this.filter = filter;
    }

    Filter filter() {
        return filter;
    }

    boolean standsBefore(DispatcherType type, String path, String servletName) {
        for (Place place : places) {
            if (!place.types.contains(type)) continue;
            for (String name : place.names) {
                boolean isAny = place.areServlets && name.equals("*");
                if (isAny || (place.areServlets ? name.equals(servletName) : matches(name, path)))
                    return true;
            }
        }
        return false;
    }

    private static boolean matches(String pattern, String path) {
        return pattern.equals("/*") || Routes.matches(pattern, path);
    }

    @Override
    public String getFilterName() {
        return getName();
    }

    @Override
    public void addMappingForServletNames(
            EnumSet<DispatcherType> types, boolean isMatchAfter, String... servletNames) {
        add(new Place(orRequest(types), List.of(servletNames), true), isMatchAfter);
    }

    @Override
    public void addMappingForUrlPatterns(
            EnumSet<DispatcherType> types, boolean isMatchAfter, String... urlPatterns) {
        add(new Place(orRequest(types), List.of(urlPatterns), false), isMatchAfter);
    }

    private static Set<DispatcherType> orRequest(EnumSet<DispatcherType> types) {
        return types == null ? EnumSet.of(DispatcherType.REQUEST) : EnumSet.copyOf(types);
    }

    private void add(Place place, boolean isMatchAfter) {
        places.add(isMatchAfter ? places.size() : 0, place);
    }

    @Override
    public Collection<String> getServletNameMappings() {
        return names(true);
    }

    @Override
    public Collection<String> getUrlPatternMappings() {
        return names(false);
    }

    private List<String> names(boolean areServlets) {
        return places.stream()
                .filter(place -> place.areServlets == areServlets)
                .flatMap(place -> place.names.stream())
                .toList();
    }
}
