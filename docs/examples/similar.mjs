// Prints the chips of one file that are most similar to its first chip, with hyparquet in Node.
//
// Usage: node similar.mjs FILE.parquet
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const file = await asyncBufferFromFile(process.argv[2])
const rows = await parquetReadObjects({ file, compressors, columns: ['chip_id', 'embeddings'] })

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0)
const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
const query = rows[0].embeddings
rows
  .map((row) => ({ id: row.chip_id, score: cosine(row.embeddings, query) }))
  .sort((a, b) => b.score - a.score)
  .slice(0, 10)
  .forEach(({ id, score }) => console.log(`${score.toFixed(4)}  ${id}`))
