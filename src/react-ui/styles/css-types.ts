/** Lets TypeScript find `synchart/react/ui.css`: it checks imports of styles, too. */
export {};
