import { randomInt, X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { isIPv4 } from 'node:net';
import { makeCertificate, type ServerCertificate } from './certificate.ts';

/** Everything that serving to other devices needs. */
export interface LanAccess extends ServerCertificate {
  /** Who shows it is let in. */
  readonly token: string;
}

/** Addresses of this computer in its networks, IPv4. */
export const lanAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((found = []) =>
    found.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );

/** Letters and digits that nobody mistakes for each other: one may have to type them on a phone. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
const newToken = (): string => Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('');

/** Days before the end of a certificate from which on it is replaced. */
const renewDays = 30;

function fits(
  { certificate, key, authority, token }: Readonly<Record<keyof LanAccess, string>>,
  hosts: readonly string[],
): boolean {
  if ([certificate, key, authority, token].includes('')) return false;
  const shown = new X509Certificate(certificate);
  return (
    Date.parse(shown.validTo) - Date.now() > renewDays * 86_400_000 &&
    hosts.every((host) => (isIPv4(host) ? shown.checkIP(host) : shown.checkHost(host)) !== undefined)
  );
}

/**
 * Reads token and certificate from the folder, so that a device has to be told once only. Makes new ones where there are
 * none, and a new certificate where it ends soon or this computer has another address.
 */
export async function openLanAccess(folder: string): Promise<LanAccess> {
  const hosts = ['localhost', hostname(), '127.0.0.1', ...lanAddresses()];
  const path = (name: string): string => join(folder, name);
  const names = { certificate: 'certificate.pem', key: 'key.pem', authority: 'authority.pem', token: 'token.txt' };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const read = async (name: string): Promise<string> => readFile(path(name), 'utf8').catch(() => '');
  const kept = {
    certificate: await read(names.certificate),
    key: await read(names.key),
    authority: await read(names.authority),
    token: await read(names.token),
  };
  if (fits(kept, hosts)) return kept;
  const access = { ...makeCertificate(hosts), token: kept.token === '' ? newToken() : kept.token };
  for (const part of ['certificate', 'key', 'authority', 'token'] as const)
    await writeFile(path(names[part]), access[part], { mode: 0o600 });
  return access;
}
