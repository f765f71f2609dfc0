import { type Random, shuffled } from "../random.ts";

const topics = [
  ...["tides", "rainbows", "volcanoes", "magnets", "yeast", "gravity", "inflation", "taxes", "chess", "jazz"],
  ...["poetry", "algebra", "glaciers", "comets", "beavers", "bridges", "clouds", "compilers", "databases", "dreams"],
  ...[
    "earthquakes",
    "electricity",
    "elections",
    "enzymes",
    "fermentation",
    "fractals",
    "genes",
    "glass",
    "honey",
    "ice",
  ],
  ...["insurance", "interest rates", "jet lag", "ladders", "lasers", "lightning", "maps", "memory", "mirrors", "music"],
  ...[
    "nuclear power",
    "optics",
    "paint",
    "paper",
    "pensions",
    "photons",
    "plumbing",
    "pottery",
    "prime numbers",
    "sleep",
  ],
];

const people = [
  ...["pilot", "child", "nurse", "farmer", "painter", "lawyer", "sailor", "teacher", "dancer", "beginner"],
  ...["baker", "barber", "butcher", "carpenter", "chemist", "clerk", "coach", "cook", "dentist", "diver"],
  ...["doctor", "driver", "editor", "florist", "gardener", "grocer", "guide", "judge", "mason", "mayor"],
  ...["miner", "monk", "officer", "plumber", "poet", "singer", "student", "tailor", "tourist", "waiter"],
];

const faults = [
  ...["leaking", "broken", "noisy", "rusty", "squeaking", "stuck", "wobbly", "cracked", "smelly", "frozen"],
  ...["loose", "burnt", "bent", "dusty", "foggy", "jammed", "dripping", "flickering", "scratched", "overheating"],
];

const things = [
  ...["kettle", "bicycle", "door", "laptop", "lamp", "oven", "fridge", "radio", "clock", "heater"],
  ...["tap", "window", "drawer", "printer", "phone", "toaster", "camera", "chair", "fan", "pump"],
  ...["mixer", "drill", "keyboard", "mower", "boiler", "blender", "gate", "shower", "bell", "tent"],
];

function crossed(
  first: readonly string[],
  second: readonly string[],
  prompt: (a: string, b: string) => string,
): string[] {
  return first.flatMap((a) => second.map((b) => prompt(a, b)));
}

/** Every distinct prompt of the demo, more than 10,000, in the seed's order. */
export function demoPrompts(random: Random): string[] {
  return shuffled(
    [
      ...crossed(topics, people, (topic, person) => `Explain ${topic} to a ${person}.`),
      ...crossed(topics, people, (topic, person) => `What should a ${person} know about ${topic}?`),
      ...crossed(topics, people, (topic, person) => `Tell a ${person} something about ${topic}.`),
      ...crossed(topics, people, (topic, person) => `Why would a ${person} care about ${topic}?`),
      ...crossed(faults, things, (fault, thing) => `How do I fix a ${fault} ${thing}?`),
      ...crossed(faults, things, (fault, thing) => `My ${thing} is ${fault}. What now?`),
      ...crossed(faults, things, (fault, thing) => `Who repairs a ${fault} ${thing}?`),
      ...crossed(faults, things, (fault, thing) => `Is a ${fault} ${thing} worth keeping?`),
    ],
    random,
  );
}
