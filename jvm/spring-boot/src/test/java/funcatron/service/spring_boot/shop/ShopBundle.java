package funcatron.service.spring_boot.shop;

import funcatron.intf.impl.ContextImpl;
import funcatron.service.spring_boot.SpringBootWrapper;
import funcatron.service.spring_boot.authors.AuthorApplication;
import java.util.Map;

/** The bundle of the tests; its props say which application it is of. */
public class ShopBundle extends SpringBootWrapper {
    private static final Map<String, Class<?>> APPLICATIONS =
            Map.of(
                    "shop", ShopApplication.class,
                    "small", SmallApplication.class,
                    "tomcat", TomcatApplication.class,
                    "component", ComponentApplication.class,
                    "broken", BrokenApplication.class,
                    "authors", AuthorApplication.class);

    @Override
    public Class<?>[] classList() {
        Object name = ContextImpl.staticProperties().getOrDefault("application", "shop");
        return new Class<?>[] {APPLICATIONS.get(name)};
    }
}
