/** An app that shows one component with its styles. The test of tree shaking bundles it for production. */
import { createRoot } from 'react-dom/client';
import { StorageNotice } from 'synchart/react/ui';
import 'synchart/react/ui.css';

createRoot(document.body).render(<StorageNotice />);
