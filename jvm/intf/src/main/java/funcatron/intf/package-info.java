/**
 * What Funcs are written against: {@link funcatron.intf.Func}, which answers the calls of an
 * operation; {@link funcatron.intf.Context}, which a call brings; and the providers by which a
 * bundle adds services, middleware, operations and class loaders.
 */
package funcatron.intf;
