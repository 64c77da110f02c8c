import { missing } from './context.ts';
import type { Answer, Context } from './context.ts';

type Status = 'available' | 'pending' | 'sold';

interface Pet {
  id: number;
  name: string;
  photoUrls: string[];
  tags?: { id?: number; name?: string }[];
  status?: Status;
}

const pets = new Map<number, Pet>();
for (const [id, name] of ['Rex', 'Mia', 'Bo'].entries())
  pets.set(id + 1, { id: id + 1, name, photoUrls: [], status: 'available' });

type ById = Context<{ petId: number }>;

export function addPet(pet: Omit<Pet, 'id'> & { id?: number }): Pet {
  const id = pet.id ?? Math.max(0, ...pets.keys()) + 1;
  const added = { ...pet, id };
  pets.set(id, added);
  return added;
}

export function updatePet(pet: Pet): Pet | Answer {
  if (!pets.has(pet.id)) return missing(`pet ${pet.id}`);
  pets.set(pet.id, pet);
  return pet;
}

export function getPetById(_: undefined, { params }: ById): Pet | Answer {
  const { petId } = params.path;
  return pets.get(petId) ?? missing(`pet ${petId}`);
}

export function findPetsByStatus(
  _: undefined,
  { params }: Context<unknown, { status: Status }>,
): Pet[] {
  return [...pets.values()].filter((pet) => pet.status === params.query.status);
}

export function findPetsByTags(
  _: undefined,
  { params }: Context<unknown, { tags?: string[] }>,
): Pet[] {
  const wanted = new Set(params.query.tags ?? []);
  return [...pets.values()].filter((pet) => pet.tags?.some((tag) => wanted.has(tag.name ?? '')));
}

export function updatePetWithForm(
  _: undefined,
  { params }: Context<{ petId: number }, { name?: string; status?: Status }>,
): Pet | Answer {
  const pet = pets.get(params.path.petId);
  if (!pet) return missing(`pet ${params.path.petId}`);
  return Object.assign(pet, params.query);
}

export function deletePet(_: undefined, { params }: ById): Answer {
  const { petId } = params.path;
  return pets.delete(petId) ? { status: 200 } : missing(`pet ${petId}`);
}

export function uploadFile(image: Uint8Array | undefined, { params }: ById): object {
  const { petId } = params.path;
  if (!pets.has(petId)) return missing(`pet ${petId}`);
  return { code: 200, type: 'image', message: `${image?.length ?? 0} bytes` };
}

export function getInventory(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status = 'available' } of pets.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
