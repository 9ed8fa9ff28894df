/**
 * The seam to the outside: time, chance, threads, waiting. Start at {@link io.restripe.env.Env}. Everything above takes an Env, so that
 * the simulator can own it.
 */
package io.restripe.env;
