import type { Evaluate } from './inspected-page.ts';

/** A page that does not answer for so long is stopped, or busy; what it would say then is not waited for. */
const longestMs = 10_000;

/**
 * Evaluates in the page that these devtools look at. Needs no permission, and works under any policy of the page: a
 * console does the same.
 */
export const evaluateInPage: Evaluate = (expression, frameUrl) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The page does not answer.')), longestMs);
    chrome.devtools.inspectedWindow.eval(
      expression,
      frameUrl === undefined ? {} : { frameURL: frameUrl },
      (result, failure) => {
        clearTimeout(timer);
        if (failure?.isException !== true && failure?.isError !== true) resolve(result);
        else
          reject(new Error(failure.value ?? failure.description ?? failure.code ?? 'The page cannot be looked into.'));
      },
    );
  });

/**
 * Keeps the addresses of the page's frames. Asks for all of them only when a document was added: a page can have
 * thousands of other files.
 */
export function watchDocuments(): () => Promise<readonly string[]> {
  const { getResources, onResourceAdded } = chrome.devtools.inspectedWindow;
  let known: Promise<readonly string[]> | undefined;
  onResourceAdded?.addListener(({ type }) => {
    if (type === 'document') known = undefined;
  });
  return () => {
    known ??= new Promise((resolve) => {
      if (getResources === undefined) resolve([]);
      else
        getResources((resources) => resolve(resources.filter(({ type }) => type === 'document').map(({ url }) => url)));
    });
    return known;
  };
}
