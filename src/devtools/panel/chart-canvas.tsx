import { BaseEdge, Controls, EdgeLabelRenderer, Handle, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from '@xyflow/react';
import { useMemo, type ReactNode } from 'react';
import type { TransitionEntry } from '../protocol/log-entry.ts';
import { labelOf, whereToBegin, type ChartDrawing, type DrawnArrow, type DrawnState } from '../views/chart-drawing.ts';

export interface ChartCanvasProps {
  readonly drawing: ChartDrawing;
  readonly active: ReadonlySet<string>;
  /** Its arrows are shown as just taken. */
  readonly last: TransitionEntry | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

type StateNode = Node<{ readonly drawn: DrawnState; readonly isActive: boolean }, 'state'>;
type ArrowEdge = Edge<{ readonly arrow: DrawnArrow; readonly isTaken: boolean }, 'arrow'>;

const nodeTypes = { state: StateBox };
const edgeTypes = { arrow: ArrowLine };

/** The drawing: moved and zoomed by mouse, touch, buttons and keyboard. The list beside it says the same in words. */
export function ChartCanvas({ drawing, active, last, selected, onSelect }: ChartCanvasProps): ReactNode {
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
          data: { drawn, isActive: active.has(drawn.state.id) },
        }),
      ),
    [drawing, active, selected],
  );
  const edges = useMemo(
    () =>
      drawing.arrows.map((arrow): ArrowEdge => {
        const isTaken = last !== undefined && last.sources.includes(arrow.source) && active.has(arrow.target);
        return { id: arrow.id, type: 'arrow', source: arrow.source, target: arrow.target, zIndex: isTaken ? 2 : 1, data: { arrow, isTaken } };
      }),
    [drawing, active, last],
  );
  const begin = whereToBegin(drawing, active);
  return (
    <figure className="sc-canvas" aria-label="Drawing of the chart; the list of states says the same">
      <svg width="0" height="0" aria-hidden="true" style={{ position: 'absolute' }}>
        <defs>
          <marker id="sc-arrow-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
            <path d="M0 0.5L7.5 4L0 7.5z" fill="var(--border-strong)" />
          </marker>
        </defs>
      </svg>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        // Begins where something is going on, at a size that can be read; the button below shows all of it.
        fitViewOptions={{ nodes: begin === undefined ? nodes : [{ id: begin }], minZoom: 0.75, maxZoom: 0.9 }}
        minZoom={0.1}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, node) => onSelect(node.id)}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </figure>
  );
}

function StateBox({ data: { drawn, isActive }, selected }: NodeProps<StateNode>): ReactNode {
  const { state, isBox } = drawn;
  return (
    <div className="sc-state" data-active={isActive} data-box={isBox} data-final={state.type === 'final'} data-selected={selected}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span>
        {state.isInitial && <span aria-hidden="true">● </span>}
        {state.name}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function ArrowLine({ id, data }: EdgeProps<ArrowEdge>): ReactNode {
  if (data === undefined) return null;
  const { arrow, isTaken } = data;
  const path = arrow.points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join(' ');
  const text = labelOf(arrow);
  return (
    <>
      <BaseEdge id={id} path={path} className={isTaken ? 'sc-arrow taken' : 'sc-arrow'} markerEnd="url(#sc-arrow-head)" />
      {arrow.label !== undefined && text !== '' && (
        <EdgeLabelRenderer>
          <span
            className="sc-arrow-label"
            data-taken={isTaken}
            style={{ transform: `translate(${arrow.label.x}px, ${arrow.label.y}px)`, inlineSize: arrow.label.width }}
          >
            {text}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
