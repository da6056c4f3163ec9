export { type BenchOptions, type BenchPart, PARTS, runBench } from './bench.ts'
export { drawCharts } from './chart.ts'
export { type BenchReport, formatReport, type GrowthRow, type Row } from './report.ts'
