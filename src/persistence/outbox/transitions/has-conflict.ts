/** SQL condition: a conflict of the operation's entity is stored. */
export const hasConflict = `EXISTS (SELECT 1 FROM "sync_conflicts" c WHERE c."kind" = "sync_outbox"."kind" AND c."entity_id" = "sync_outbox"."entity_id")`;
