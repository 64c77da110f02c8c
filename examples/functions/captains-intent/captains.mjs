/** Answers an Alexa request: who is the captain of the ship in the slot Ship, or of all there are. */
import { readFileSync } from 'node:fs';

const captains = JSON.parse(readFileSync('captains.json', 'utf8'));
const { request } = JSON.parse(readFileSync(0, 'utf8'));
const ship = request.intent.slots?.Ship?.value;

console.log(
  JSON.stringify({
    version: '1.0',
    response: {
      outputSpeech: { type: 'PlainText', text: tell(ship) },
      card: { type: 'Simple', title: 'Captains', content: Object.values(captains).join('\n') },
      shouldEndSession: true,
    },
  }),
);

function tell(name) {
  const all = Object.values(captains);
  if (name === undefined)
    return `I know ${all.length} captains: ${all.slice(0, -1).join(', ')} and ${all.at(-1)}.`;
  const [known, captain] =
    Object.entries(captains).find(([one]) => one.toLowerCase() === name.toLowerCase()) ?? [];
  return captain ? `The captain of the ${known} is ${captain}.` : `I know no ship named ${name}.`;
}
