export type { IdOrder } from './testing/backend-rows.ts';
export { FaultyTransport } from './testing/faulty-transport.ts';
export type { FaultyTransportOptions } from './testing/faulty-transport.ts';
export { MemoryBackend } from './testing/memory-backend.ts';
export type { AppliedEffect, BackendPage, MemoryBackendOptions, WriteRule } from './testing/memory-backend.ts';
export { MemoryTransport } from './testing/memory-transport.ts';
export type { MemoryTransportOptions, TransportCall } from './testing/memory-transport.ts';
export type { RowKeys, RowNaming } from './testing/row-keys.ts';
export { seededRandom } from './testing/seeded-random.ts';
export { createSimulatedClock } from './testing/simulated-clock.ts';
export type { SimulatedClock } from './testing/simulated-clock.ts';
export { createTestServer, TestServer } from './testing/test-server.ts';
export type { TestServerOptions } from './testing/test-server.ts';
export type {
  CutPoint,
  FailureOptions,
  HeldRequests,
  RecordedRequest,
  RequestMatch,
} from './testing/test-server-faults.ts';
export { defaultFaults } from './testing/transport-faults.ts';
export type { FaultScript, FaultyCall, TransportFault } from './testing/transport-faults.ts';
export { pagingStyles } from './server/paging.ts';
export type { PageQuery, PagingStyle } from './server/paging.ts';
export type { WireAnswer, WriteRequest } from './server/wire-rules.ts';
export { conformanceCases, transportConformance } from './testing/transport-conformance.ts';
export type { ConformanceOptions, ConformanceRunner } from './testing/transport-conformance.ts';
export type {
  ConformanceCase,
  ConformanceFeature,
  ConformanceServer,
  ConformanceSubject,
  ConformanceTopic,
  RefusedWrite,
} from './testing/conformance/conformance-subject.ts';
export { followPath, PathLeftError } from './simulation/paths/follow-path.ts';
export type { PathWorld, StopFollowing } from './simulation/paths/follow-path.ts';
export { pathLimits, syncGraph } from './simulation/paths/sync-graph.ts';
export type { SyncCause, SyncGraph } from './simulation/paths/sync-graph.ts';
export { syncPaths } from './simulation/paths/sync-paths.ts';
export type { SyncPath, SyncPathStep } from './simulation/paths/sync-paths.ts';
export { drawScript } from './simulation/draw-script.ts';
export { shrinkScript } from './simulation/shrink-script.ts';
export type { ShrunkScript } from './simulation/shrink-script.ts';
export { simulate } from './simulation/simulate.ts';
export type { SimulateOptions, SimulationResult } from './simulation/simulate.ts';
export { simulatedRestTransport } from './simulation/simulated-replica.ts';
export type { SimulatedTransportParts } from './simulation/simulated-replica.ts';
export { addCounts, noCounts } from './simulation/simulation-log.ts';
export type { SimulationCounts } from './simulation/simulation-log.ts';
export type {
  SimulatedAct,
  SimulatedBoundary,
  SimulatedClientKind,
  SimulatedFault,
  SimulatedServerAct,
  SimulatedServerKind,
  SimulatedStep,
  SimulatedWorld,
  SimulatedWrite,
  SimulationScript,
} from './simulation/simulation-script.ts';
export { SimulationViolation } from './simulation/virtual-time.ts';
export { replayBundle } from './replay/replay-bundle.ts';
export type { ReplayOptions } from './replay/replay-bundle.ts';
export type { LeftOperation, ReplayReport } from './replay/play/replay-report.ts';
export type { Departure, ReplayStep } from './replay/play/replay-steps.ts';
