/** Fields that belong to the server in every merge (MU-01). */
export const systemFields: readonly string[] = [
  'id',
  'ID',
  'uuid',
  'updatedAt',
  'updated_at',
  'createdAt',
  'created_at',
  'deletedAt',
  'deleted_at',
];

export const isSystemField = (key: string): boolean => systemFields.includes(key);
