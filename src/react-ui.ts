'use client';

/**
 * `synchart/react/ui`: components for React 18 and 19, and the logic under them. The styles are in
 * `synchart/react/ui.css`.
 */
export { ConflictDialog } from './react-ui/components/conflict-dialog.tsx';
export type { ConflictDialogProps } from './react-ui/components/conflict-dialog.tsx';
export { RejectedList } from './react-ui/components/rejected-list.tsx';
export type { RejectedListProps } from './react-ui/components/rejected-list.tsx';
export { StorageNotice } from './react-ui/components/storage-notice.tsx';
export type { StorageNoticeProps } from './react-ui/components/storage-notice.tsx';
export { SyncIndicator } from './react-ui/components/sync-indicator.tsx';
export type { SyncIndicatorProps } from './react-ui/components/sync-indicator.tsx';
export type { FieldShape } from './react-ui/headless/field-text.ts';
export { useConflictDialog } from './react-ui/headless/use-conflict-dialog.ts';
export type {
  ConflictDialogModel,
  ConflictDialogOptions,
  ConflictQuestion,
  DecidedConflict,
  QuestionField,
} from './react-ui/headless/use-conflict-dialog.ts';
export type { Done, DoneModel } from './react-ui/headless/use-done.ts';
export { useRejectedEdit, useRejectedList } from './react-ui/headless/use-rejected-list.ts';
export type {
  HandledRejection,
  RejectedEditModel,
  RejectedField,
  RejectedListModel,
  RejectedListOptions,
} from './react-ui/headless/use-rejected-list.ts';
export { useSyncIndicator } from './react-ui/headless/use-sync-indicator.ts';
export type { RemedyActions, SyncIndicatorModel } from './react-ui/headless/use-sync-indicator.ts';
export { englishWords } from './react-ui/words/english-words.ts';
export type { NamedRecord, RecordWords } from './react-ui/words/record-words.ts';
export type { ConflictChoice, ConflictSituation, SomeWords, SyncUiWords } from './react-ui/words/ui-words.ts';
