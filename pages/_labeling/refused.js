/** The server would refuse an operation; the message tells the person why. */
export class Refused extends Error {}
