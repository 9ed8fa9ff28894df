/**
 * How the command and an array's host process find each other and talk. Start at {@link io.restripe.node.rpc.RunFolder} (where running
 * arrays are known) and {@link io.restripe.node.rpc.HostClient}. Requests and answers are JSON, one a line, over a Unix-domain socket;
 * array data follows in frames, see {@link io.restripe.node.rpc.Wire}. docs/commands.md, section "Host process".
 */
package io.restripe.node.rpc;
