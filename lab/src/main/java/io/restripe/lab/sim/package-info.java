/**
 * A machine in one seed: {@link io.restripe.lab.sim.SimEnv} runs the product's threads one at a time in an order drawn from a seed and
 * owns its clock; {@link io.restripe.lab.sim.SimDisk} forgets what was not flushed; {@link io.restripe.lab.sim.Recorder} and {@link
 * io.restripe.lab.sim.CrashStates} turn one recorded run into every state a power cut could have left behind. The same seed gives the
 * same run. Knows the product through {@code Env} and {@code Disk} only.
 */
package io.restripe.lab.sim;
