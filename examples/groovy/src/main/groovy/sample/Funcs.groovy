package sample

import funcatron.intf.Context
import funcatron.intf.Func
import funcatron.intf.FuncException
import groovy.transform.CompileStatic
import java.time.Instant

/** What is posted: JSON becomes this, and this becomes JSON. */
class Data {
    String name
    int age
}

/** Answers GET with some values; a Func that reads no body takes any type for it. */
class Simple implements Func<Object> {
    @Override
    Object get(Context context) {
        context.logger.info("In Groovy $GroovySystem.version")
        [time: Instant.now().toString(), bools: Math.random() < 0.5, numero: new Random().nextInt(100) + 1]
    }
}

/** Shares 100 out. What nobody catches here, such as a division by zero, is a 500. */
class Share implements Func<Object> {
    @Override
    Object get(Context context) {
        [each: 100.intdiv(context.pathParams.people)]
    }
}

/** Answers POST: `cnt` is a number here, since the contract says that it is one. */
class Change implements Func<Data> {
    @Override
    List<Data> post(Data data, Context context) {
        long count = context.pathParams.cnt
        count ? (1..count).collect { new Data(name: "$data.name $it", age: data.age + it) } : []
    }
}

/** Answers DELETE; a `FuncException` chooses the status of a refusal. */
@CompileStatic
class Remove implements Func<Object> {
    @Override
    Data delete(Context context) {
        long age = context.pathParams.cnt as long
        if (age > 122) throw new FuncException(404, "nobody is $age years old")
        new Data(name: 'Deleted', age: age as int)
    }
}
