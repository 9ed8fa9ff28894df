/**
 * Tests the tests: every rule of the protocol, every flush and every order of writes that matters is broken on purpose, one at a time, and
 * something must catch it. A mutant is a change of a few lines of the product's source ({@code mutants.txt}); it is compiled aside, loaded
 * beside the unchanged classes, and put through probes: campaigns and lives of the simulator, until one says what is wrong. The product
 * itself has no switches. Start at {@link io.restripe.lab.mutant.Mutants} (what there is) and {@link
 * io.restripe.lab.mutant.MutantRun} (what becomes of one).
 */
package io.restripe.lab.mutant;
