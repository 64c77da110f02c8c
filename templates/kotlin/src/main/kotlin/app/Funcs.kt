package app

import funcatron.intf.Context
import funcatron.intf.Func

/** Greets somebody as often as asked. */
class Hello : Func<Any> {
    override fun get(context: Context): Map<String, String> {
        val name = context.pathParams["name"]
        val times = context.queryParams["times"] as Long
        context.logger.info("greeting $name")
        return mapOf("greeting" to List(times.toInt()) { "Hello, $name!" }.joinToString(" "))
    }
}

/** Adds numbers up: the body is what the type argument of Func says. */
class Sum : Func<DoubleArray> {
    override fun post(numbers: DoubleArray, context: Context) = mapOf("sum" to numbers.sum())
}
