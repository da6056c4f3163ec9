export { type BenchOptions, type BenchPart, PARTS, runBench } from './bench.ts'
export { drawCharts } from './charts.ts'
export { type BenchReport, formatReport, type GrowthRow, type Row } from './report.ts'
