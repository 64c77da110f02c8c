package app

import funcatron.intf.impl.ContextImpl
import java.util.Map as JavaMap
import java.util.logging.Logger

class FuncsTest extends munit.FunSuite {
  private val params = JavaMap.of("path", JavaMap.of("name", "Ada"), "query", JavaMap.of("times", 2L))
  private val context =
    ContextImpl(JavaMap.of[Object, Object]("parameters", params), Logger.getAnonymousLogger)

  test("hello greets as often as asked") {
    assertEquals(Hello().get(context), JavaMap.of("greeting", "Hello, Ada! Hello, Ada!"))
  }

  test("sum adds up") {
    assertEquals(Sum().post(Array(1, 2, 3.5), context), JavaMap.of("sum", 6.5))
  }
}
