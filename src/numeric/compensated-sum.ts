// A sum that keeps the digits each addition would lose.

/** Neumaier's compensated sum (1974). */
export class CompensatedSum {
  private sum = 0;
  private rest = 0;

  add(term: number): void {
    const next = this.sum + term;
    this.rest += Math.abs(this.sum) >= Math.abs(term) ? this.sum - next + term : term - next + this.sum;
    this.sum = next;
  }

  get value(): number {
    return this.sum + this.rest;
  }
}
