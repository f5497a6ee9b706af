// Installs the Node peers of `bench/http.py` into bench/env and puts their applications beside their packages;
// TypeScript is transpiled with the metadata of decorators. Run it by: node bench/node/install.mjs
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const env = path.join(here, '..', 'env');
const PACKAGES = {
  node: ['commonjs', '@loopback/rest@15', '@loopback/core', '@loopback/repository', '@nestjs/core', '@nestjs/common',
    '@nestjs/platform-fastify', 'reflect-metadata', 'rxjs', 'class-validator', 'class-transformer', 'fastify', 'ajv',
    'typescript@5.9'],
  tsed: ['module', '@tsed/core', '@tsed/di', '@tsed/schema', '@tsed/json-mapper', '@tsed/exceptions', '@tsed/ajv',
    '@tsed/platform-http', '@tsed/platform-express', 'ajv', 'express', 'body-parser'],
};
const APPS = [
  ['fastify.mjs', 'node', null], ['nest.ts', 'node', 'ESNext'], ['loopback4.ts', 'node', 'CommonJS'],
  ['tsed.ts', 'tsed', 'ESNext'],
];

for (const [name, [type, ...packages]] of Object.entries(PACKAGES)) {
  const folder = path.join(env, name);
  if (fs.existsSync(path.join(folder, 'node_modules'))) continue;
  fs.mkdirSync(folder, {recursive: true});
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({name: 'bench', private: true, type}));
  execFileSync('npm', ['i', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {cwd: folder, stdio: 'inherit'});
}
const ts = createRequire(path.join(env, 'node/'))('typescript');
for (const [file, name, module] of APPS) {
  const out = path.join(env, name, 'apps');
  fs.mkdirSync(out, {recursive: true});
  fs.copyFileSync(path.join(here, 'domain.mjs'), path.join(out, 'domain.mjs'));
  let text = fs.readFileSync(path.join(here, file), 'utf8');
  if (module) text = ts.transpileModule(text, {compilerOptions: {
    module: ts.ModuleKind[module], target: ts.ScriptTarget.ES2022, experimentalDecorators: true,
    emitDecoratorMetadata: true, useDefineForClassFields: false, esModuleInterop: true,
  }}).outputText;
  const suffix = module === 'CommonJS' ? '.cjs' : '.mjs';
  fs.writeFileSync(path.join(out, path.parse(file).name + suffix), text);
}
