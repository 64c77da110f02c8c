package funcatron.service.spring_boot;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.web.servlet.server.ServletWebServerFactory;

/** Sees to it that the one server of an application is a {@link MockServer}. */
final class ServerChoice implements BeanDefinitionRegistryPostProcessor {
    private static final String NAME = "funcatronServer";

    /** Comes before auto-configuration, which adds no server where there is one. */
    @Override
    public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
        registry.registerBeanDefinition(NAME, new RootBeanDefinition(MockServer.class));
    }

    /** Comes when all beans are known: the application's own servers would open ports. */
    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        BeanDefinitionRegistry registry = (BeanDefinitionRegistry) beans;
        String[] own = beans.getBeanNamesForType(MockServer.class, true, false);
        String chosen = NAME;
        for (String name : own) if (!name.equals(NAME)) chosen = name;
        for (String name : beans.getBeanNamesForType(ServletWebServerFactory.class, true, false))
            if (!name.equals(chosen)) registry.removeBeanDefinition(name);
    }
}
