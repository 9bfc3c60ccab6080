// Bundles the console into src/FanoutNode/Console/Assets, from where the node serves it. The result is committed, so that building a node
// needs no Node; `--check` fails where what is committed is not what these sources make.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const committed = fileURLToPath(new URL('../../FanoutNode/Console/Assets/', import.meta.url));
const check = process.argv.includes('--check');
process.chdir(root);

const outdir = check ? mkdtempSync(join(tmpdir(), 'fanout-console-')) : committed;
rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });

await build({
  entryPoints: { console: 'src/main.tsx', style: 'src/styles/index.css' },
  outdir,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  alias: { '@fanout/client': '../../clients/typescript/src/index.ts' },
  external: ['*.woff2'],
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
});
cpSync('src/index.html', join(outdir, 'index.html'));
cpSync('src/icon.svg', join(outdir, 'icon.svg'));
cpSync('node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2', join(outdir, 'inter.woff2'));
writeFileSync(join(outdir, 'licenses.txt'), [
  ['Inter', '@fontsource-variable/inter'],
  ['Preact', 'preact'],
  ['Preact Signals', '@preact/signals'],
  ['uPlot', 'uplot'],
].map(([name, folder]) => `${name}\n\n${readFileSync(`node_modules/${folder}/LICENSE`, 'utf8').replace(/\r\n/g, '\n').trim()}\n`).join('\n\n'));

if (check) {
  const files = folder => Object.fromEntries(readdirSync(folder).sort().map(name => [name, readFileSync(join(folder, name), 'base64')]));
  const [made, had] = [files(outdir), files(committed)];
  rmSync(outdir, { recursive: true });
  const differing = [...new Set([...Object.keys(made), ...Object.keys(had)])].filter(name => made[name] !== had[name]);
  if (differing.length > 0) {
    console.error(`Not what the sources make: ${differing.join(', ')}. Run 'npm run build' in src/Console and commit src/FanoutNode/Console/Assets.`);
    process.exit(1);
  }
  console.log('The committed console is what the sources make.');
}
