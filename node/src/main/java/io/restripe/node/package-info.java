/** What ships around the core: the command line and the array's host process. */
package io.restripe.node;
