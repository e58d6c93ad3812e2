/*
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Writes the types of src/api/types.ts and src/api/agentops.ts as JSON schemas into the query API's OpenAPI document, so that what the screen reads, what
 * the document says and (by a test against real answers) what the server writes are one. `--check` only compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
// TypeScript 7 has no compiler API in JavaScript any more.
import ts from 'typescript-api';

const sources = ['types', 'agentops'].map((name) => fileURLToPath(new URL(`../src/api/${name}.ts`, import.meta.url)));
const target = fileURLToPath(new URL('../../src/main/resources/openapi/schemas.json', import.meta.url));

const program = ts.createProgram(sources, { strict: true, target: ts.ScriptTarget.ES2022, exactOptionalPropertyTypes: true });
const checker = program.getTypeChecker();
const named = new Map();
for (const node of sources.flatMap((source) => program.getSourceFile(source).statements)) {
  const exported = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
  if (exported && !node.typeParameters) named.set(node.name.text, node);
}

const doc = (symbol) => ts.displayPartsToString(symbol?.getDocumentationComment(checker) ?? []).replace(/\s+/g, ' ').trim();
const described = (schema, text) => (text === '' ? schema : '$ref' in schema ? { allOf: [schema], description: text } : { ...schema, description: text });

function nameOf(type) {
  const name = type.aliasSymbol?.name ?? (type.flags & ts.TypeFlags.Object ? type.symbol?.name : undefined);
  return name !== undefined && named.has(name) && !type.aliasTypeArguments ? name : undefined;
}

function schemaOf(type, top = false) {
  if (type.flags & ts.TypeFlags.Unknown) return {};
  const name = nameOf(type);
  if (!top && name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (type.isUnion()) return unionOf(type);
  if (type.isStringLiteral()) return { type: 'string', enum: [type.value] };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { type: 'boolean', enum: [type.intrinsicName === 'true'] };
  if (type.flags & ts.TypeFlags.String) return { type: 'string' };
  if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
  if (type.flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
  if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
  if (checker.isTupleType(type)) {
    const parts = checker.getTypeArguments(type).map((t) => schemaOf(t));
    return { type: 'array', prefixItems: parts, minItems: parts.length, maxItems: parts.length };
  }
  if (checker.isArrayType(type)) return { type: 'array', items: schemaOf(checker.getTypeArguments(type)[0]) };
  return objectOf(type);
}

function unionOf(type) {
  // `boolean` is a union of two literals; null comes first among the parts.
  let parts = type.types;
  const nullable = parts.some((t) => t.flags & ts.TypeFlags.Null);
  parts = parts.filter((t) => !(t.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)));
  let out;
  if (parts.every((t) => t.isStringLiteral())) out = [{ type: 'string', enum: parts.map((t) => t.value) }];
  else if (parts.length === 2 && parts.every((t) => t.flags & ts.TypeFlags.BooleanLiteral)) out = [{ type: 'boolean' }];
  else out = parts.map((t) => schemaOf(t));
  if (nullable) {
    if (out.length === 1 && typeof out[0].type === 'string' && !out[0].enum) return { ...out[0], type: [out[0].type, 'null'] };
    out = [...out, { type: 'null' }];
  }
  return out.length === 1 ? out[0] : { anyOf: out };
}

function objectOf(type) {
  const properties = {};
  const required = [];
  for (const p of checker.getPropertiesOfType(type)) {
    const optional = (p.flags & ts.SymbolFlags.Optional) !== 0;
    properties[p.name] = described(schemaOf(checker.getTypeOfSymbol(p)), doc(p));
    if (!optional) required.push(p.name);
  }
  const out = { type: 'object' };
  const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  if (index) out.additionalProperties = schemaOf(index);
  else out.properties = properties;
  if (required.length > 0) out.required = required;
  return out;
}

const schemas = {};
for (const [name, node] of [...named].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const symbol = checker.getSymbolAtLocation(node.name);
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  schemas[name] = described(schemaOf(type, true), doc(symbol));
}
const text = `${JSON.stringify(schemas, null, 1)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/main/resources/openapi/schemas.json is not what src/api says: run `npm run schemas` in query-api/web');
    process.exit(1);
  }
} else writeFileSync(target, text);
