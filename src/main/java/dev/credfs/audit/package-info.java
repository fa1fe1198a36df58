/**
 * The record: what was given to whom.
 *
 * <p><b>No audit record, no token.</b> {@link dev.credfs.audit.AuditLog#append} returns when the record is written; only then
 * are bytes handed out, and where it cannot be written nothing is.
 *
 * <p>An event holds ids, fingerprints and facts about callers. None holds a token, a master or a key, nor the message of an
 * exception, which may quote one.
 */
@NullMarked
package dev.credfs.audit;

import org.jspecify.annotations.NullMarked;
