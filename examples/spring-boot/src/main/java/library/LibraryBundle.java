package library;

import funcatron.service.spring_boot.SpringBootWrapper;

/** Makes a bundle of the application. */
public class LibraryBundle extends SpringBootWrapper {
    @Override
    public Class<?>[] classList() {
        return new Class<?>[] {LibraryApplication.class};
    }
}
