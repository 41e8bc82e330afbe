declare module '*?worker' {
  const Script: new (options?: { readonly name?: string }) => Worker;
  export default Script;
}
