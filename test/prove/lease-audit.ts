/** Tables that tell which process wrote what while which token was the present one. */
export const auditTables = [
  'CREATE TABLE "lease_taken" ("label" TEXT, "token" INTEGER)',
  'CREATE TABLE "lease_write" ("label" TEXT, "what" TEXT, "token" INTEGER)',
] as const;

/** What a run writes, and an app never does. */
const engineWrites = {
  page: 'AFTER UPDATE ON main."sync_cursors"',
  firstPage: 'AFTER INSERT ON main."sync_cursors"',
  settled: 'AFTER DELETE ON main."sync_outbox"',
  frozen:
    'AFTER UPDATE OF "request_id" ON main."sync_outbox" WHEN old."request_id" IS NULL AND new."request_id" IS NOT NULL',
} as const;

/**
 * Temporary triggers, which fire for the writes of one connection only: each write is noted together with the token
 * that holds.
 */
export const auditTriggers = (label: string): readonly string[] => [
  `CREATE TEMP TRIGGER "audit_first" AFTER INSERT ON main."sync_lease" BEGIN INSERT INTO "lease_taken" VALUES ('${label}', new."token"); END`,
  `CREATE TEMP TRIGGER "audit_taken" AFTER UPDATE OF "token" ON main."sync_lease" WHEN new."token" <> old."token" BEGIN INSERT INTO "lease_taken" VALUES ('${label}', new."token"); END`,
  ...Object.entries(engineWrites).map(
    ([what, when]) =>
      `CREATE TEMP TRIGGER "audit_${what}" ${when} BEGIN INSERT INTO "lease_write" SELECT '${label}', '${what}', "token" FROM "sync_lease"; END`,
  ),
];

/** Writes of a process under a token that another one had taken: there must be none. */
export const fencedWrites =
  'SELECT w."label", w."what", w."token" FROM "lease_write" w WHERE NOT EXISTS (SELECT 1 FROM "lease_taken" t WHERE t."label" = w."label" AND t."token" = w."token")';
export const auditCounts =
  'SELECT (SELECT count(*) FROM "lease_write") AS "writes", (SELECT count(*) FROM "lease_taken") AS "taken"';
