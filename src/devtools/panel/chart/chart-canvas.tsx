import {
  BaseEdge,
  ControlButton,
  Controls,
  EdgeLabelRenderer,
  Handle,
  Position,
  ReactFlow,
  useReactFlow,
  type Edge,
  type EdgeProps,
  type Node,
  type NodeProps,
  type ReactFlowInstance,
} from '@xyflow/react';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import {
  areaOf,
  fittingViewport,
  labelOf,
  whereToBegin,
  type ChartDrawing,
  type DrawnArrow,
  type DrawnState,
} from '../../views/chart/chart-drawing.ts';
import type { TakenStep } from '../../views/chart/chart-taken.ts';
import { Icon, type IconName } from '../parts/icon.tsx';

export interface ChartCanvasProps {
  readonly drawing: ChartDrawing;
  readonly active: ReadonlySet<string>;
  /** Its arrows and states are shown as just taken. */
  readonly taken: TakenStep;
  /** Another number for each step, so that each moves. */
  readonly turn: number;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

type StateNode = Node<
  { readonly drawn: DrawnState; readonly isActive: boolean; readonly turn: number | undefined },
  'state'
>;
type ArrowEdge = Edge<{ readonly arrow: DrawnArrow; readonly turn: number | undefined }, 'arrow'>;
type Flow = ReactFlowInstance<StateNode, ArrowEdge>;

const nodeTypes = { state: StateBox };
const edgeTypes = { arrow: ArrowLine };
/** Below this size of the whole, it begins with the part where something is going on. */
const readable = 0.5;
const step = 60;
/** How long a state must last to be followed, ms. */
const followAfterMs = 300;
const motionMs = (): number => (globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200);

/** Whether the whole of a state is within the frame. */
function isInSight(
  flow: Flow,
  { width, height, ...area }: NonNullable<ReturnType<typeof areaOf>>,
  frame: HTMLElement | null,
): boolean {
  if (frame === null) return false;
  const { x, y, zoom } = flow.getViewport();
  const left = area.x * zoom + x;
  const top = area.y * zoom + y;
  return left >= 0 && top >= 0 && left + width * zoom <= frame.clientWidth && top + height * zoom <= frame.clientHeight;
}

/** The drawing: moved and zoomed by mouse, touch, buttons and keyboard. The list beside it says the same in words. */
export function ChartCanvas({ drawing, active, taken, turn, selected, onSelect }: ChartCanvasProps): ReactNode {
  const frame = useRef<HTMLElement>(null);
  const [flow, setFlow] = useState<Flow>();
  const nodes = useMemo(
    () =>
      drawing.states.map(
        (drawn): StateNode => ({
          id: drawn.state.id,
          type: 'state',
          position: { x: drawn.x, y: drawn.y },
          ...(drawn.parent === undefined ? {} : { parentId: drawn.parent }),
          style: { width: drawn.width, height: drawn.height },
          selected: drawn.state.id === selected,
          data: {
            drawn,
            isActive: active.has(drawn.state.id),
            turn: taken.reached.has(drawn.state.id) ? turn : undefined,
          },
        }),
      ),
    [drawing, active, taken, turn, selected],
  );
  const edges = useMemo(
    () =>
      drawing.arrows.map((arrow): ArrowEdge => {
        const isTaken = taken.arrows.has(arrow.id);
        return {
          id: arrow.id,
          type: 'arrow',
          source: arrow.source,
          target: arrow.target,
          zIndex: isTaken ? 2 : 1,
          data: { arrow, turn: isTaken ? turn : undefined },
        };
      }),
    [drawing, taken, turn],
  );
  const begin = whereToBegin(drawing, active);
  /** Until somebody moves the drawing. */
  const follows = useRef(true);
  /** The drawing that was brought into sight last. */
  const drawn = useRef<ChartDrawing>(undefined);
  const leave = (): void => {
    follows.current = false;
  };
  const area = useMemo(() => (begin === undefined ? undefined : areaOf(drawing, begin)), [drawing, begin]);
  const showAll = useCallback(
    (shown: Flow, duration = motionMs()): void => {
      if (frame.current !== null) void shown.setViewport(fittingViewport(drawing, frame.current), { duration });
    },
    [drawing],
  );
  const showActive = useCallback(
    (shown: Flow, duration = motionMs()): void => {
      follows.current = true;
      if (area === undefined) showAll(shown, duration);
      else void shown.setCenter(area.x + area.width / 2, area.y + area.height / 2, { zoom: 0.95, duration });
    },
    [area, showAll],
  );
  const showFirst = useCallback(
    (shown: Flow): void => {
      if (frame.current !== null && fittingViewport(drawing, frame.current).zoom >= readable) showAll(shown, 0);
      else showActive(shown, 0);
    },
    [drawing, showActive, showAll],
  );
  useLayoutEffect(() => {
    if (flow === undefined || drawn.current === drawing) return;
    drawn.current = drawing;
    showFirst(flow);
  }, [flow, drawing, showFirst]);
  useEffect(() => {
    // What is left again within a moment is not followed: a run goes through many states.
    const waiting = setTimeout(() => {
      if (flow !== undefined && follows.current && area !== undefined && !isInSight(flow, area, frame.current))
        showActive(flow);
    }, followAfterMs);
    return () => clearTimeout(waiting);
  }, [flow, area, showActive]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const shown = flow;
    // The buttons have their own keys.
    if (shown === undefined || event.target !== frame.current || event.altKey || event.ctrlKey || event.metaKey) return;
    const { x, y, zoom } = shown.getViewport();
    const moves: Readonly<Record<string, () => unknown>> = {
      ArrowLeft: () => shown.setViewport({ x: x + step, y, zoom }),
      ArrowRight: () => shown.setViewport({ x: x - step, y, zoom }),
      ArrowUp: () => shown.setViewport({ x, y: y + step, zoom }),
      ArrowDown: () => shown.setViewport({ x, y: y - step, zoom }),
      '+': () => shown.zoomIn(),
      '=': () => shown.zoomIn(),
      '-': () => shown.zoomOut(),
      '0': () => showAll(shown),
      Home: () => showActive(shown),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    leave();
    move();
  };
  return (
    <figure
      className="sc-canvas"
      ref={frame}
      tabIndex={0}
      aria-label="Drawing of the chart; the list of states says the same. Arrows move it, plus and minus zoom, 0 shows all, Home where it is now"
      onKeyDown={onKeyDown}
    >
      <svg width="0" height="0" aria-hidden="true" style={{ position: 'absolute' }}>
        <defs>
          <Head id="sc-arrow-head" color="var(--edge)" />
          <Head id="sc-arrow-head-taken" color="var(--info)" />
        </defs>
      </svg>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onInit={setFlow}
        onMoveStart={(event) => {
          // Without an event it was not moved by hand.
          if (event !== null) leave();
        }}
        minZoom={0.02}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        disableKeyboardA11y
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, node) => onSelect(node.id)}
      >
        <Controls showInteractive={false} showFitView={false} aria-label="Zoom" onZoomIn={leave} onZoomOut={leave}>
          <Steer
            icon="fit"
            label="Fit view"
            onClick={(shown) => {
              leave();
              showAll(shown);
            }}
          />
          <Steer icon="here" label="Where it is now" onClick={showActive} />
        </Controls>
      </ReactFlow>
    </figure>
  );
}

interface SteerProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: (flow: Flow) => void;
}

function Steer({ icon, label, onClick }: SteerProps): ReactNode {
  const flow = useReactFlow<StateNode, ArrowEdge>();
  return (
    <ControlButton title={label} aria-label={label} onClick={() => onClick(flow)}>
      <Icon name={icon} />
    </ControlButton>
  );
}

const Head = ({ id, color }: { readonly id: string; readonly color: string }): ReactNode => (
  <marker
    id={id}
    viewBox="0 0 8 8"
    refX="7"
    refY="4"
    markerWidth="8"
    markerHeight="8"
    markerUnits="userSpaceOnUse"
    orient="auto-start-reverse"
  >
    <path d="M0 0.5L7.5 4L0 7.5z" style={{ fill: color }} />
  </marker>
);

function StateBox({ data: { drawn, isActive, turn }, selected }: NodeProps<StateNode>): ReactNode {
  const { state, isBox } = drawn;
  return (
    <div
      className="sc-state"
      data-active={isActive}
      data-box={isBox}
      data-final={state.type === 'final'}
      data-selected={selected}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {turn !== undefined && <span key={turn} className="sc-reached" aria-hidden="true" />}
      <span className="sc-state-name" data-initial={state.isInitial}>
        {state.name}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function ArrowLine({ id, data }: EdgeProps<ArrowEdge>): ReactNode {
  if (data === undefined) return null;
  const { arrow, turn } = data;
  const isTaken = turn !== undefined;
  const path = arrow.points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join(' ');
  const text = labelOf(arrow);
  return (
    <>
      <BaseEdge
        // A new element for each step: an animation begins with its element.
        key={turn ?? 'still'}
        id={id}
        path={path}
        className={isTaken ? 'sc-arrow taken' : 'sc-arrow'}
        markerEnd={`url(#sc-arrow-head${isTaken ? '-taken' : ''})`}
      />
      {arrow.label !== undefined && text !== '' && (
        <EdgeLabelRenderer>
          <span
            className="sc-arrow-label"
            data-taken={isTaken}
            title={arrow.labels.join(', ')}
            style={{ transform: `translate(${arrow.label.x}px, ${arrow.label.y}px)`, inlineSize: arrow.label.width }}
          >
            {text}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
