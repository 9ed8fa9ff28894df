/**
 * The {@code restripe} command: a class a verb. Start at {@link io.restripe.node.cli.Main}, then {@link io.restripe.node.cli.Verb} and
 * {@link io.restripe.node.cli.Verbs}. A verb describes its options (the help text and the man page come from that), asks the
 * container's host process through {@link io.restripe.node.rpc.HostClient}, and prints for people or, with {@code --json}, for programs.
 * Every refusal is a {@link io.restripe.rule.Problem}; exit status 0, 1 (failed), 2 (not understood).
 */
package io.restripe.node.cli;
