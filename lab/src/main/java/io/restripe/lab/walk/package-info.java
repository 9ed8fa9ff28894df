/**
 * Every state that manager, monitor and array can reach together, for small bounds: all orders of messages (late, lost, twice), the
 * death of each actor and a cut of power at each step, two volumes one after the other. The monitor's machine and the arithmetic of
 * units are the product's own classes; manager, array and assembly are models of what the product does, a step for each thing that
 * another actor or a crash could see. Start at {@link io.restripe.lab.walk.Walk}; {@link io.restripe.lab.walk.Conduct} is what a
 * mutant does differently. Pure: no clock, disk or thread. docs/reshape-protocol.md is what is being checked.
 */
package io.restripe.lab.walk;
