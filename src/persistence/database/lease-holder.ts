/** Who we are to the lease; the token rises each time the lease changes hands (fencing). */
export interface LeaseHolder {
  readonly name: string;
  readonly owner: string;
  token: number;
  expiresAt: number;
}

export const createLeaseHolder = (owner: string): LeaseHolder => ({ name: 'run', owner, token: 0, expiresAt: 0 });
