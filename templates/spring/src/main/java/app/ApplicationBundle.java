package app;

import funcatron.service.spring_boot.SpringBootWrapper;

/** Makes a bundle of the application; META-INF/services names it. */
public class ApplicationBundle extends SpringBootWrapper {
    @Override
    public Class<?>[] classList() {
        return new Class<?>[] {Application.class};
    }
}
