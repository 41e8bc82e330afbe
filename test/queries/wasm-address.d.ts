declare module 'sql.js/dist/sql-wasm.wasm?url' {
  const address: string;
  export default address;
}
