/** Scores that a new one is compared with: so many that a share of a hundredth is more than chance, few enough to follow a model's traffic. */
const REMEMBERED = 500;

/** Whether a score is among the highest of late. */
export type IsAmongHighest = (score: number) => boolean;

/**
 * Takes this share of the scores, the highest, without knowing beforehand how high they are: a score is taken when its rank
 * among those before it, itself included and ties broken by chance, is within the share. That is the smoothed p-value of
 * conformal prediction (Vovk et al. 2005, sect. 2.5), uniform for scores of which none is special: so the share holds from
 * the first one on. `random` gives numbers in [0, 1).
 */
export function highestShare(share: number, random: () => number): IsAmongHighest {
  const scores: number[] = [];
  return (score) => {
    let higher = 0;
    let equal = 0;
    for (const other of scores) {
      if (other > score) higher++;
      else if (other === score) equal++;
    }
    const rank = (higher + random() * (equal + 1)) / (scores.length + 1);
    scores.push(score);
    if (scores.length > REMEMBERED) scores.shift();
    return rank < share;
  };
}
