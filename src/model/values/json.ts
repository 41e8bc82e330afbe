/** A value that survives `JSON.stringify` → `JSON.parse` unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object; what the wire, the outbox and conflicts hold. Key order carries no meaning. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Keys that reach the prototype of an object in careless code; refused in payloads and field names. */
export const forbiddenKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Tells a plain JSON object from lists, null and primitives. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
