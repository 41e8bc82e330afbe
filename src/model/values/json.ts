/** A value that survives `JSON.stringify` → `JSON.parse` unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object, as held by the wire, the outbox and conflicts. Key order has no meaning. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Keys that reach the prototype of an object in careless code. Payloads and field names must not contain them. */
export const forbiddenKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Tells a JSON object from lists, null and primitives. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
