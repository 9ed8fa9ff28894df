/**
 * Measurements that need nothing but the product: mains that print tables. Start at {@link io.restripe.lab.bench.ParityBench}. The
 * machine is shared and never idle: read ratios between things measured in turn in one run, not absolute figures.
 */
package io.restripe.lab.bench;
