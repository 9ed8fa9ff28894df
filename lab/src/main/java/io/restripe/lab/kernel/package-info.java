/**
 * The real kernel and the real mdadm as the oracle: what they write we must read, what we write they must accept. {@link
 * io.restripe.lab.kernel.UserModeLinux} boots a User Mode Linux guest over image files, {@link io.restripe.lab.kernel.Guest} runs
 * scripts in it and stops it, dead or gently, {@link io.restripe.lab.kernel.KernelOracle} says it in the words of RAID.
 *
 * <p>Knows image files and shell scripts; nothing of how we read or write them. See docs/oracle.md.
 */
package io.restripe.lab.kernel;
