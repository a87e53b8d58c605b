/** Random draws from a seed. Exact samplers, fast for any size, so that a bucket of a million runs costs one draw. */
export interface Random {
  /** Uniform in (0, 1). */
  uniform(): number;
  normal(): number;
  poisson(mean: number): number;
  binomial(n: number, p: number): number;
  /** Counts of *n* draws over *k* shares. */
  multinomial(n: number, shares: readonly number[]): number[];
}

/** A generator (sfc32) seeded by numbers; the same seeds give the same draws for ever. */
export function createRandom(...seeds: readonly number[]): Random {
  const uniform = sfc32(seeds);
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const binomial = (n: number, p: number): number => {
    if (p > 0.5) return n - binomial(n, 1 - p);
    if (n <= 0 || p <= 0) return 0;
    return n * p < 10 ? waitingTimes(n, p, uniform) : btrs(n, p, uniform);
  };
  const multinomial = (n: number, shares: readonly number[]): number[] => {
    let left = n;
    let rest = 1;
    return shares.map((share, at) => {
      const drawn = at === shares.length - 1 ? left : binomial(left, Math.min(1, Math.max(0, share / rest)));
      left -= drawn;
      rest -= share;
      return drawn;
    });
  };
  const poisson = (mean: number): number => (mean < 10 ? products(mean, uniform) : ptrs(mean, uniform));
  return { uniform, normal, poisson, binomial, multinomial };
}

function sfc32(seeds: readonly number[]): () => number {
  let [a, b, c, d] = [
    0x9e3779b9 ^ (seeds[0] ?? 0),
    0x243f6a88 ^ (seeds[1] ?? 0),
    0xb7e15162 ^ (seeds[2] ?? 0),
    seeds[3] ?? 1,
  ];
  const next = (): number => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return ((t >>> 0) + 0.5) / 4294967296;
  };
  for (let at = 0; at < 20; at++) next();
  return next;
}

/** Sums geometric waiting times: for small n p. */
function waitingTimes(n: number, p: number, uniform: () => number): number {
  const scale = 1 / Math.log1p(-p);
  let seen = 0;
  let hits = -1;
  while (seen <= n) {
    seen += Math.floor(Math.log(uniform()) * scale) + 1;
    hits += 1;
  }
  return hits;
}

/** W. Hörmann, The generation of binomial random variates, J. Stat. Comput. Simul. 46 (1993): BTRS. */
function btrs(n: number, p: number, uniform: () => number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = n * p + 0.5;
  const alpha = (2.83 + 5.1 / b) * spread;
  const vr = 0.92 - 4.2 / b;
  const mode = Math.floor((n + 1) * p);
  const odds = Math.log(p / (1 - p));
  const top = logFactorial(mode) + logFactorial(n - mode);
  for (;;) {
    const u = uniform() - 0.5;
    let v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || k > n) continue;
    v = Math.log((v * alpha) / (a / (us * us) + b));
    if (v <= top - logFactorial(k) - logFactorial(n - k) + (k - mode) * odds) return k;
  }
}

function products(mean: number, uniform: () => number): number {
  const limit = Math.exp(-mean);
  let product = uniform();
  let k = 0;
  while (product > limit) {
    product *= uniform();
    k += 1;
  }
  return k;
}

/** W. Hörmann, The transformed rejection method for generating Poisson random variables (1993): PTRS. */
function ptrs(mean: number, uniform: () => number): number {
  const logMean = Math.log(mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverse = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log(v) + Math.log(inverse) - Math.log(a / (us * us) + b) <= k * logMean - mean - logFactorial(k))
      return k;
  }
}

/** Stirling's series; exact to nine digits from 10 on, a table below. */
function logFactorial(k: number): number {
  if (k < 10) return smallFactorials[k] ?? 0;
  const x = k + 1;
  return (x - 0.5) * Math.log(x) - x + 0.9189385332046727 + 1 / (12 * x) - 1 / (360 * x ** 3);
}

const smallFactorials = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880].map(Math.log);
