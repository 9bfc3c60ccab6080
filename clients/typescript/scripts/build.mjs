// dist/esm by the compiler; dist/cjs are the same files as CommonJS, with the same types.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { stdio: 'inherit' });

mkdirSync('dist/cjs');
await build({
  entryPoints: readdirSync('dist/esm').filter(file => file.endsWith('.js')).map(file => `dist/esm/${file}`),
  outdir: 'dist/cjs', format: 'cjs', platform: 'neutral', target: 'es2022', logLevel: 'warning',
});
for (const file of readdirSync('dist/esm').filter(file => file.endsWith('.d.ts'))) cpSync(`dist/esm/${file}`, `dist/cjs/${file}`);
writeFileSync('dist/cjs/package.json', '{"type":"commonjs"}\n');

