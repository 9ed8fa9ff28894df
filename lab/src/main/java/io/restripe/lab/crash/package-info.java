/**
 * The product under power cuts: reshapes with writes at the same time, recorded in the simulator; then every state a cut could leave is
 * assembled, finished and compared with what was acknowledged, sector by sector. Start at {@link io.restripe.lab.crash.Campaign}. Runs
 * the product through {@code RunningContainer} only, and looks at members by its own arithmetic.
 */
package io.restripe.lab.crash;
