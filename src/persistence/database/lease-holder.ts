/** The identity of this engine for the lease. The token rises with each change of owner (fencing). */
export interface LeaseHolder {
  readonly name: string;
  readonly owner: string;
  token: number;
  expiresAt: number;
}

export const createLeaseHolder = (owner: string): LeaseHolder => ({ name: 'run', owner, token: 0, expiresAt: 0 });
