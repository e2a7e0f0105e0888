/**
 * What was given to the modem and is not acceptable.
 *
 * `field` names the argument, `problem` says what is wrong with it; `cause`, where there is one, is
 * the browser's own error.
 */
export class ModemError extends Error {
  constructor(field, problem, cause = undefined) {
    super(`${field}: ${problem}`, { cause });
    this.name = "ModemError";
    this.field = field;
    this.problem = problem;
  }
}
