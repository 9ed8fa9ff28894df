package io.restripe.nbd;

/**
 * What a handshake ended with, on the server's side.
 *
 * @param structuredReplies reads are answered in chunks
 * @param allocationContext the client may ask for block status
 */
record Agreement(ServedExport export, boolean structuredReplies, boolean allocationContext) {}
