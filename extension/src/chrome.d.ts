/**
 * The part of the browsers' devtools API that is used; Firefox has it under the same name, but for what is optional
 * here.
 */
declare namespace chrome.devtools {
  interface Event<Listener> {
    addListener(listener: Listener): void;
  }

  namespace inspectedWindow {
    interface Failure {
      readonly isError?: boolean;
      readonly isException?: boolean;
      readonly code?: string;
      readonly description?: string;
      readonly value?: string;
    }
    interface Resource {
      readonly url: string;
      /** Such as `document` or `script`. */
      readonly type?: string;
    }
    /** `result` is what the expression gives, as JSON carries it. */
    function eval(
      expression: string,
      options: { readonly frameURL?: string },
      done: (result: unknown, failure?: Failure) => void,
    ): void;
    const getResources: ((done: (resources: readonly Resource[]) => void) => void) | undefined;
    const onResourceAdded: Event<(resource: Resource) => void> | undefined;
  }

  namespace panels {
    interface ExtensionPanel {
      readonly onShown: Event<(shown: Window) => void>;
      readonly onHidden: Event<() => void>;
    }
    const themeName: string;
    const setThemeChangeHandler: ((changed: (name: string) => void) => void) | undefined;
    function create(title: string, icon: string, page: string, created: (panel: ExtensionPanel) => void): void;
  }
}
