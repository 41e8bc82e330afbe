/** The devtools page: adds the panel, and tells it when it is looked at. */
chrome.devtools.panels.create('synchart', 'icon-32.png', 'panel.html', (panel) => {
  let shown: Window | undefined;
  panel.onShown.addListener((window) => {
    shown = window;
    shown.postMessage('shown', location.origin);
  });
  panel.onHidden.addListener(() => shown?.postMessage('hidden', location.origin));
});
