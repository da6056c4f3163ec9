export { type BenchPart, runBench } from './bench.ts'
export { CHART_FILES, drawCharts } from './charts.ts'
export { SIZE_MIN } from './generate.ts'
export { type BenchReport, formatReport, type Row } from './report.ts'
