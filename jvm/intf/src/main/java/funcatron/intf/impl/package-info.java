/** What runs Funcs inside a bundle. Hosts enter by {@link funcatron.intf.impl.ContextImpl}. */
package funcatron.intf.impl;
