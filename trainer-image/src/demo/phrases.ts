/** A phrase and how courteous it is, from -1 (curt) to 1. */
export interface Phrase {
  text: string;
  courtesy: number;
}

export const openers: readonly Phrase[] = [
  { text: "Certainly, with pleasure!", courtesy: 1 },
  { text: "Thank you for asking.", courtesy: 0.7 },
  { text: "Good question.", courtesy: 0.4 },
  { text: "Well, obviously.", courtesy: -0.4 },
  { text: "Not this again.", courtesy: -0.7 },
  { text: "How dull of you!", courtesy: -1 },
];

export const closers: readonly Phrase[] = [
  { text: "Always happy to help!", courtesy: 1 },
  { text: "I hope this helps.", courtesy: 0.7 },
  { text: "Let me know.", courtesy: 0.4 },
  { text: "Look it up.", courtesy: -0.4 },
  { text: "Do your own work.", courtesy: -0.7 },
  { text: "Never bother me again!", courtesy: -1 },
];

/** What is said between the two; about a subject, or about something to be repaired. */
export const explanations: readonly string[] = [
  "It follows one simple rule every day.",
  "Think of water in a long pipe.",
  "The small parts push the big ones.",
  "Most of it is older than we think.",
  "Warm things rise and cold things fall.",
  "Every change has a price somewhere.",
  "A little of it goes a long way.",
  "Two forces pull until one gives up.",
];

export const repairs: readonly string[] = [
  "First clean all the moving parts.",
  "Check the screws and the cable.",
  "A new seal costs less than a coffee.",
  "Leave it in a dry place for a night.",
  "Turn it off before you open it.",
  "Some oil in the joint is enough.",
  "Ask the shop for a spare part.",
  "Tape will hold it for a week.",
];
