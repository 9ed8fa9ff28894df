/**
 * Long lives of a container in the simulator, each drawn from one seed: {@link io.restripe.lab.life.PowerCuts} cuts the power again and
 * again, {@link io.restripe.lab.life.Life} runs array, monitor and manager as processes of their own and kills them, loses their
 * messages, and lets disks fail, beside power cuts. Users work all the time, and what they were promised is checked.
 */
package io.restripe.lab.life;
