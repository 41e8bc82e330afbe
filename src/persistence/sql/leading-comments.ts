const commented = /^\s*(?:--|\/\*)/;
const comments = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+/;

/** Takes away what some tools put in front of every statement, such as the place in the code that sent it. */
export const withoutLeadingComments = (sql: string): string => (commented.test(sql) ? sql.replace(comments, '') : sql);
