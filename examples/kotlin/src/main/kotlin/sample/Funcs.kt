package sample

import funcatron.intf.Context
import funcatron.intf.Func
import funcatron.intf.FuncException
import java.time.Instant
import kotlin.random.Random

/** What is posted: JSON becomes this, and this becomes JSON. */
data class Data(val name: String, val age: Int)

/** Answers GET with some values; a Func that reads no body takes any type for it. */
class Simple : Func<Any> {
    override fun get(context: Context): Any {
        context.logger.info("In Kotlin ${KotlinVersion.CURRENT}")
        return mapOf(
            "time" to Instant.now().toString(),
            "bools" to Random.nextBoolean(),
            "numero" to Random.nextInt(1, 101),
        )
    }
}

/** Shares 100 out. What nobody catches here, such as a division by zero, is a 500. */
class Share : Func<Any> {
    override fun get(context: Context) = mapOf("each" to 100 / context.path<Long>("people"))
}

/** Answers POST: `cnt` is a number here, since the contract says that it is one. */
class Change : Func<Data> {
    override fun post(data: Data, context: Context): List<Data> =
        (1..context.path<Long>("cnt").toInt()).map { years ->
            data.copy(name = "${data.name} $years", age = data.age + years)
        }
}

/** Answers DELETE; a `FuncException` chooses the status of a refusal. */
class Remove : Func<Any> {
    override fun delete(context: Context): Data {
        val age = context.path<Long>("cnt")
        if (age > 122) throw FuncException(404, "nobody is $age years old")
        return Data("Deleted", age.toInt())
    }
}

/** A path parameter, of the type that the contract gives it. */
private inline fun <reified T> Context.path(name: String): T = pathParams.getValue(name) as T
