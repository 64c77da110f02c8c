package app

import funcatron.intf.impl.ContextImpl
import java.util.logging.Logger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class FuncsTest {
    private val params = mapOf("path" to mapOf("name" to "Ada"), "query" to mapOf("times" to 2L))
    private val context =
        ContextImpl(mapOf<Any, Any>("parameters" to params), Logger.getAnonymousLogger())

    @Test
    fun `hello greets as often as asked`() {
        assertEquals(mapOf("greeting" to "Hello, Ada! Hello, Ada!"), Hello().get(context))
    }

    @Test
    fun `sum adds up`() {
        assertEquals(mapOf("sum" to 6.5), Sum().post(doubleArrayOf(1.0, 2.0, 3.5), context))
    }
}
