import { describeDiagnosis } from 'synchart';
import { useDiagnosis } from 'synchart/react';

export function SyncLine() {
  const [first] = useDiagnosis().filter(({ level }) => level !== 'notice');
  return <p role="status">{first ? describeDiagnosis(first, { now: Date.now() }) : 'Everything is up to date.'}</p>;
}
