/** Prompt and two answers each, for pictures of the rating page. Made up. */
export const ratedPairs: readonly (readonly [prompt: string, stable: string, candidate: string])[] = [
  [
    "Is tap water good enough for a steam iron?",
    "Mostly, yes. Modern irons are made for it.",
    "Yes, unless your water is hard: then mix it half and half with distilled water.",
  ],
  [
    "How long do boiled eggs keep?",
    "A week in the fridge, in their shells.",
    "Boiled eggs are a wonderful source of protein and have been eaten for thousands of years.",
  ],
  [
    "My kettle has white flakes in it and the water tastes odd. How do I get rid of them, and is it safe to drink?",
    `That is limescale. It is harmless, but it makes tea taste dull and the kettle slow.

1. Fill the kettle halfway with equal parts of water and white vinegar.
2. Bring it to the boil, switch it off and wait for 20 minutes.
3. Pour it out, rinse twice, and boil one filling of clean water, which you throw away.

With hard water, do this once a month. A filter jug makes it come back more slowly.`,
    `White flakes can have many causes, and I would recommend contacting the **manufacturer** of your kettle, or a qualified water engineer, before drinking any more of it!

Kettles are a very popular household appliance. They come in many colours and sizes, and most of them boil water within a few minutes. If yours is older than two years you may want to consider buying a new one.`,
  ],
  ["What is a good name for a ginger cat?", "Marmalade.", "There are many names for cats."],
  ["Why is the sky blue?", "Air scatters blue light more than red.", "Because of the ocean."],
  ["Who wrote Dracula?", "Bram Stoker, in 1897.", "It was written by a famous author."],
];
