/**
 * A simulated day, or as much as wanted: containers that live from their creation through one reshape after another until they have as many
 * disks as they can get, under users who come and go, with members that fail and are replaced, hosts that are killed and power that
 * fails. {@link io.restripe.lab.soak.History} is one container's, drawn from the seed and its number; {@link io.restripe.lab.soak.Soak} is
 * one after another, and remembers in a file how far it got.
 */
package io.restripe.lab.soak;
