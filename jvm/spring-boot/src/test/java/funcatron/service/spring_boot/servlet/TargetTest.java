package funcatron.service.spring_boot.servlet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TargetTest {
    private static String place(String uri, String template) {
        Target target = Target.of(uri, "", template, "/shop", "/shop/mvc");
        return target.contextPath() + " " + target.path();
    }

    @Test
    void whatIsBeforeTheTemplateIsTheContext() {
        assertEquals("/shop /mvc/items/3", place("/shop/mvc/items/3", "/items/{id}"));
        assertEquals("/v2/x /items/3", place("/v2/x/items/3", "/items/{id}"));
        assertEquals("/shop /mvc/items/3/", place("/shop/mvc/items/3/", "/items/{id}"));
        assertEquals("/shop /mvc/", place("/shop/mvc/", "/"));
        assertEquals("/v2 /", place("/v2", "/"));
        assertEquals(" /", place("/", "/"));
        assertEquals(" /a", place("/a", "/a"));
        assertEquals("/shop /mvc/x", place("/shop/mvc/x", null));
        assertEquals(" /other", place("/other", null));
    }

    @Test
    void pathsAreDecodedSegmentBySegment() {
        Target target = Target.of("/a%2Fb/%C3%BC;v=1/%zz%", "q=%20", null, "", "");
        assertEquals("/a/b/ü/%zz%", target.path());
        assertEquals("/a%2Fb/%C3%BC;v=1/%zz%", target.uri());
        assertEquals("q=%20", target.query());
        Target inner = target.within("/x?y=1");
        assertEquals("/x", inner.path());
        assertEquals("y=1", inner.query());
    }

    @Test
    void parametersKeepTheirOrder() {
        Parameters parameters = new Parameters().addEncoded("a=1&&b&a=%32+&%=x");
        assertEquals("1,2 ", String.join(",", parameters.values("a")));
        assertEquals("", parameters.first("b"));
        assertEquals("x", parameters.first("%"));
    }
}
