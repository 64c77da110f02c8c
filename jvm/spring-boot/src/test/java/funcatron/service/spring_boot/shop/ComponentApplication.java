package funcatron.service.spring_boot.shop;

import funcatron.service.spring_boot.MockServer;
import org.springframework.context.annotation.Import;
import org.springframework.stereotype.Component;

/** An application with a server component, as bundles of before have it. */
@Import({SmallApplication.class, ComponentApplication.MyMockServer.class})
public class ComponentApplication {
    @Component
    static class MyMockServer extends MockServer {}
}
