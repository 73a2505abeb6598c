/** The parser with which tests look at HTML that is shown to people. */
export { parseDocument } from 'htmlparser2';
