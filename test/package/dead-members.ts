/**
 * Lists members of classes and ports of `src` that nothing in `src` uses: `npm run lint:members`. One walk over the
 * program finds the members that are used under their own name. The slow search for references is left for the others,
 * such as those that are used through an interface.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Members that somebody else uses, by owner; `*`: all of them. */
const usedElsewhere: Readonly<Record<string, readonly string[] | '*'>> = {
  // Apps and their tests.
  TestServer: '*',
  ChangedFieldsTracker: '*',
  RestTransport: ['close'],
  ParseError: ['fromError'],
  VisibilityPort: ['isVisible'],
  TransactionLostError: ['code'],
  AppOutdatedError: ['code'],
  HostUnreachableError: ['code'],
  ProtocolError: ['code'],
  Host: ['waiting', 'close'],
  // TypeORM's driver, and the gate, which looks whether a connection has them.
  Connection: ['isInTransactionAsync', 'closeAsync', 'readsAtOnce', 'transactionEnded', 'beginLater', 'hasBegun'],
  // A session looks whether its runner has it.
  Gated: ['later'],
  ExpoForm: ['isInTransactionAsync', 'closeAsync'],
  PhoneConnection: ['isInTransactionAsync', 'closeAsync'],
  // Functions that ask for an object of this shape.
  WasmConnection: ['execute'],
  RunMemory: ['stepsUnderWay'],
  ReplayReplica: ['name', 'isUp'],
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as {
  readonly config: unknown;
};
const { fileNames: allFiles, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const fileNames = allFiles.filter((path) => relative(root, path).replaceAll('\\', '/').startsWith('src/'));
const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => fileNames,
  getScriptVersion: () => '1',
  getScriptSnapshot: (path) => {
    const text = ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => root,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (path) => ts.sys.fileExists(path),
  readFile: (path) => ts.sys.readFile(path),
});
const program = service.getProgram();
const placeOf = (path: string): string => relative(root, path).replaceAll('\\', '/');
const isOfSource = (path: string): boolean => placeOf(path).startsWith('src/');

interface Member {
  readonly path: string;
  readonly position: number;
  readonly owner: string;
  readonly name: string;
  readonly declaration: ts.Node;
}

function membersIn(source: ts.SourceFile): readonly Member[] {
  const found: Member[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node) || (ts.isInterfaceDeclaration(node) && node.name.text.endsWith('Port'))) {
      for (const declaration of node.members) {
        const { name } = declaration;
        if (name !== undefined && ts.isIdentifier(name))
          found.push({
            path: source.fileName,
            position: name.getStart(source),
            owner: node.name?.text ?? 'class',
            name: name.text,
            declaration,
          });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const nodeAt = (node: ts.Node, position: number, source: ts.SourceFile): ts.Node => {
  const child = ts.forEachChild(node, (each) =>
    each.getStart(source) <= position && position < each.getEnd() ? each : undefined,
  );
  return child === undefined ? node : nodeAt(child, position, source);
};

/** Whether the name stands where a member is declared, or where an object is given one. */
function declares({ fileName, textSpan }: ts.ReferencedSymbolEntry): boolean {
  const source = program?.getSourceFile(fileName);
  if (source === undefined) return false;
  return namesMember(nodeAt(source, textSpan.start, source));
}

/** Whether an identifier only gives a member its name. */
const namesMember = (node: ts.Node): boolean =>
  (ts.isClassElement(node.parent) || ts.isTypeElement(node.parent) || ts.isObjectLiteralElement(node.parent)) &&
  node.parent.name === node;

/** Declarations of members that some identifier of the sources refers to. */
function usedDeclarations(checker: ts.TypeChecker, sources: readonly ts.SourceFile[]): ReadonlySet<ts.Node> {
  const used = new Set<ts.Node>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && memberNames.has(node.text) && !namesMember(node)) {
      const property = ts.isBindingElement(node.parent) && (node.parent.propertyName ?? node.parent.name) === node;
      const symbol = property
        ? checker.getTypeAtLocation(node.parent.parent).getProperty(node.text)
        : checker.getSymbolAtLocation(node);
      for (const declaration of symbol?.declarations ?? []) used.add(declaration);
    }
    ts.forEachChild(node, visit);
  };
  for (const source of sources) visit(source);
  return used;
}

function isReferred({ path, position }: Member): boolean {
  const symbols = service.findReferences(path, position) ?? [];
  if (symbols.some(({ definition }) => definition.fileName.includes('node_modules'))) return true;
  return symbols
    .flatMap(({ references }) => references)
    .some((reference) => isOfSource(reference.fileName) && !declares(reference));
}

const isAllowed = ({ owner, name }: Member): boolean =>
  usedElsewhere[owner] === '*' || usedElsewhere[owner]?.includes(name) === true;
const sources = program?.getSourceFiles().filter(({ fileName }) => isOfSource(fileName)) ?? [];
const members = sources.flatMap(membersIn).filter((member) => !isAllowed(member));
const memberNames = new Set(members.map(({ name }) => name));
const used = program === undefined ? new Set<ts.Node>() : usedDeclarations(program.getTypeChecker(), sources);
const dead = members.filter((member) => !used.has(member.declaration) && !isReferred(member));
for (const { path, owner, name } of dead) process.stdout.write(`${placeOf(path)}: nothing uses ${owner}.${name}\n`);
process.stdout.write(
  dead.length === 0
    ? 'every member of a class and of a port is used\n'
    : `${dead.length} members are dead: remove them, or say in test/package/dead-members.ts who uses them\n`,
);
process.exitCode = dead.length === 0 ? 0 : 1;
