/** An operation that the server would refuse; the message says why. */
export class Refused extends Error {}
