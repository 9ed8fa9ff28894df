/**
 * Real processes, killed for real: rounds of a reshape on files under a load that verifies itself, with SIGKILL for the manager, the
 * monitor, the process of the arrays, or all of them, at random instants. Start at {@link io.restripe.lab.kill.Rounds}. A round is
 * known by its seed; what instants its kills hit is the machine's affair, so a seed leads to the same plan, not to the same
 * interleaving. {@link io.restripe.lab.kill.Load} is minutes of load over NBD in reshape after reshape, with members on servers. Processes are killed by the handle with which they were started, never by name.
 */
package io.restripe.lab.kill;
