/**
 * What was given to the modem and is not acceptable.
 *
 * `field` names the argument, `problem` says what is wrong with it.
 */
export class ModemError extends Error {
  constructor(field, problem) {
    super(`${field}: ${problem}`);
    this.name = "ModemError";
    this.field = field;
    this.problem = problem;
  }
}
