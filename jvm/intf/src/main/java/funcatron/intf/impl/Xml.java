package funcatron.intf.impl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** XML bodies, with the JDK's own parser whatever else the bundle brings. */
final class Xml {
    private static final String NO_DOCTYPE = "http://apache.org/xml/features/disallow-doctype-decl";

    private Xml() {}

    static Document read(InputStream stream) {
        if (stream == null) return null;
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            // Without document types there are no entities: nothing to fetch, nothing to blow up.
            factory.setFeature(NO_DOCTYPE, true);
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            DocumentBuilder builder = factory.newDocumentBuilder();
            // The default handler writes to standard error what is thrown anyway.
            builder.setErrorHandler(new DefaultHandler());
            return builder.parse(stream);
        } catch (SAXException error) {
            throw new IllegalArgumentException(
                    "the body is no XML that is accepted: " + error.getMessage(), error);
        } catch (IOException | ParserConfigurationException error) {
            throw new IllegalStateException("the body cannot be read as XML", error);
        }
    }

    static byte[] write(Node node) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            TransformerFactory.newDefaultInstance()
                    .newTransformer()
                    .transform(new DOMSource(node), new StreamResult(bytes));
        } catch (TransformerException error) {
            throw new IllegalStateException("the answer cannot be written as XML", error);
        }
        return bytes.toByteArray();
    }
}
