import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, bool, context, integer, objectId, octets, sequence, set, text, time } from './der.ts';

const day = 86_400_000;
/** Browsers refuse certificates of servers that are valid for longer. */
const validDays = 397;

const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
const nameOf = (commonName: string): Buffer => sequence(set(sequence(objectId('2.5.4.3'), text(commonName))));

type Extension = Buffer;
const extension = (id: string, value: Buffer, isCritical = false): Extension =>
  sequence(objectId(id), ...(isCritical ? [bool(true)] : []), octets(value));

const basicConstraints = (isAuthority: boolean): Extension =>
  extension('2.5.29.19', isAuthority ? sequence(bool(true), integer(Buffer.from([0]))) : sequence(), true);
/** `keyCertSign` for the authority, `digitalSignature` for the server. */
const keyUsage = (isAuthority: boolean): Extension =>
  extension('2.5.29.15', isAuthority ? bits(Buffer.from([0x04]), 2) : bits(Buffer.from([0x80]), 7), true);
const serverOnly = extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1')));
const subjectKey = (id: Buffer): Extension => extension('2.5.29.14', octets(id));
const authorityKey = (id: Buffer): Extension => extension('2.5.29.35', sequence(context(0, id, 'implicit')));
const validFor = (hosts: readonly string[]): Extension =>
  extension(
    '2.5.29.17',
    sequence(
      ...hosts.map((host) =>
        isIPv4(host)
          ? context(7, Buffer.from(host.split('.').map(Number)), 'implicit')
          : context(2, Buffer.from(host), 'implicit'),
      ),
    ),
  );

const keyId = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

interface Contents {
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly signedBy: KeyObject;
  readonly extensions: readonly Extension[];
  readonly now: Date;
}

function certificate({ subject, issuer, key, signedBy, extensions, now }: Contents): string {
  const toBeSigned = sequence(
    context(0, integer(Buffer.from([2])), 'explicit'),
    // The first byte is neither 0 nor negative, so the number has one encoding.
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(time(new Date(now.getTime() - day)), time(new Date(now.getTime() + (validDays - 1) * day))),
    nameOf(subject),
    key.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensions), 'explicit'),
  );
  const der = sequence(toBeSigned, ecdsaWithSha256, bits(sign('sha256', toBeSigned, signedBy)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

export interface ServerCertificate {
  /** What the server shows, PEM. */
  readonly certificate: string;
  readonly key: string;
  /** What a device has to trust, PEM. */
  readonly authority: string;
}

/**
 * Makes a certificate for a server, and the authority that signed it. The key of the authority is gone afterwards, so a
 * device that trusts the authority trusts this one certificate and no other.
 */
export function makeCertificate(hosts: readonly string[], now = new Date()): ServerCertificate {
  const [authority, server] = [newKeys(), newKeys()];
  const issuer = `synchart todo app ${randomBytes(4).toString('hex')}`;
  const signed = { issuer, signedBy: authority.privateKey, now };
  const authorityId = keyId(authority.publicKey);
  return {
    authority: certificate({
      ...signed,
      subject: issuer,
      key: authority.publicKey,
      extensions: [basicConstraints(true), keyUsage(true), subjectKey(authorityId)],
    }),
    certificate: certificate({
      ...signed,
      subject: hosts[0] ?? 'localhost',
      key: server.publicKey,
      extensions: [
        basicConstraints(false),
        keyUsage(false),
        serverOnly,
        validFor(hosts),
        subjectKey(keyId(server.publicKey)),
        authorityKey(authorityId),
      ],
    }),
    key: String(server.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}
