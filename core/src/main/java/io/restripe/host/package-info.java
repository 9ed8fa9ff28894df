/**
 * One container running: its arrays, its monitor and its reshape manager wired together under one Env. What a host process runs, and what
 * the simulator runs. Start at {@link io.restripe.host.RunningContainer}. Knows no command line and no process.
 */
package io.restripe.host;
