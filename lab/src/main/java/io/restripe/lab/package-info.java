/** Never ships: simulator, crash enumerator, the real kernel as the oracle, benchmarks. */
package io.restripe.lab;
