/**
 * Runs Funcs in the process of an IDE while {@code funcatron dev} serves their contract: see
 * {@link funcatron.devshim.Register}.
 */
package funcatron.devshim;
