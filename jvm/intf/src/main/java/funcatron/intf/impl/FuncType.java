package funcatron.intf.impl;

import funcatron.intf.Func;
import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashMap;
import java.util.Map;

/** Finds what a Func class reads its body into: the argument of {@code Func<...>}. */
final class FuncType {
    private FuncType() {}

    /** The argument, through generic parents and interfaces; Object where there is none. */
    static Type of(Class<?> func) {
        Type found = search(func, Map.of());
        return found == null ? Object.class : found;
    }

    /** The class of a type without its arguments. */
    static Class<?> raw(Type type) {
        if (type instanceof Class<?> plain) return plain;
        if (type instanceof ParameterizedType generic) return raw(generic.getRawType());
        if (type instanceof TypeVariable<?> variable) return raw(variable.getBounds()[0]);
        if (type instanceof WildcardType wildcard) return raw(wildcard.getUpperBounds()[0]);
        if (type instanceof GenericArrayType array) {
            return Array.newInstance(raw(array.getGenericComponentType()), 0).getClass();
        }
        return Object.class;
    }

    /** Walks from a type up to Func; `known` is what the variables of its class stand for. */
    private static Type search(Type type, Map<TypeVariable<?>, Type> known) {
        Class<?> here = raw(type);
        if (!Func.class.isAssignableFrom(here)) return null;
        Map<TypeVariable<?>, Type> bound = new HashMap<>();
        if (type instanceof ParameterizedType generic) {
            TypeVariable<?>[] variables = here.getTypeParameters();
            Type[] arguments = generic.getActualTypeArguments();
            for (int i = 0; i < variables.length; i++) {
                bound.put(variables[i], known.getOrDefault(arguments[i], arguments[i]));
            }
        }
        if (here == Func.class) return bound.get(Func.class.getTypeParameters()[0]);
        if (here.getGenericSuperclass() != null) {
            Type found = search(here.getGenericSuperclass(), bound);
            if (found != null) return found;
        }
        for (Type parent : here.getGenericInterfaces()) {
            Type found = search(parent, bound);
            if (found != null) return found;
        }
        return null;
    }
}
