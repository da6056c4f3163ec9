export { type BenchPart, runBench } from './bench.ts'
export { drawCharts } from './charts.ts'
export { SIZE_MIN } from './generate.ts'
export { type BenchReport, formatReport, type Row } from './report.ts'
