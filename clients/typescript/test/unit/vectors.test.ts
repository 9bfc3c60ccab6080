import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { repository } from '../support/repository.js';
import { replay, type Vector } from '../support/vector.js';

const folder = `${repository}/docs/protocol-vectors`;

for (const file of readdirSync(folder).filter(name => name.endsWith('.json')).sort()) {
  const vectors = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Vector[];
  describe(`vectors: ${file}`, () => {
    for (const vector of vectors) it(vector.name, () => replay(vector));
  });
}
