/** The protocol's rules as always-on checks, and what is told to people. Start at {@link io.restripe.rule.Rule}. */
package io.restripe.rule;
