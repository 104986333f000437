import { randomInt } from 'node:crypto';

/** Where the first row with a key is, and how many rows have it. */
export interface KeyEntry {
  readonly offset: number;
  readonly count: number;
}

/**
 * A map from texts to rows for millions of them: one byte a character and five numbers a key, outside the heap, so that garbage
 * collection has nothing to go through. Open addressing, a seed of its own against keys that are chosen to collide.
 */
export class KeyTable {
  /** Numbers of keys, from 1; 0 is free. At most two thirds are taken. */
  #slots = new Uint32Array(slotsFor(FEW));
  #hashes = new Uint32Array(FEW);
  #offsets = new Uint32Array(FEW);
  #counts = new Uint32Array(FEW);
  /** Where the text of a key ends in `#text`; it begins where that of the one before ends. */
  #ends = new Uint32Array(FEW);
  #text = Buffer.alloc(FEW * ROOM_FOR_TEXT);
  #size = 0;
  readonly #seed = randomInt(2 ** 32);
  /** The key that is added or asked for, in UTF-8. */
  #key = Buffer.alloc(1024);
  #keyLength = 0;
  #keyHash = 0;

  get size(): number {
    return this.#size;
  }

  /** @param key well-formed: text in UTF-8 has no lone surrogates */
  add(key: string, offset: number): void {
    this.#take(key);
    const slot = this.#find();
    const id = this.#slots[slot]! - 1;
    if (id >= 0) this.#counts[id]!++;
    else this.#insert(slot, offset);
  }

  get(key: string): KeyEntry | undefined {
    // Else it would become another text in UTF-8, maybe one that is here.
    if (!key.isWellFormed()) return undefined;
    this.#take(key);
    const id = this.#slots[this.#find()]! - 1;
    return id < 0 ? undefined : { offset: this.#offsets[id]!, count: this.#counts[id]! };
  }

  /** Makes room for about so many keys at once: growing takes long when there are many. Memory is used only as it is filled. */
  expect(count: number): void {
    const capacity = Math.ceil(count * 1.1);
    if (capacity <= this.#offsets.length) return;
    this.#resize(capacity);
    this.#text = resized(this.#text, Math.max(this.#text.length, capacity * ROOM_FOR_TEXT));
    this.#spread(slotsFor(capacity));
  }

  /** Gives back the room for keys that were expected and did not come. */
  trim(): void {
    if (this.#size * 4 > this.#offsets.length) return;
    this.#resize(this.#size);
    this.#text = resized(this.#text, this.#textEnd());
    this.#spread(slotsFor(this.#size));
  }

  #take(key: string): void {
    if (key.length * 3 > this.#key.length) this.#key = Buffer.alloc(key.length * 3);
    const bytes = this.#key;
    let hash = this.#seed;
    let length = 0;
    for (; length < key.length; length++) {
      const code = key.charCodeAt(length);
      if (code > 0x7f) break;
      bytes[length] = code;
      hash = Math.imul(hash ^ code, FNV_PRIME);
    }
    if (length < key.length) {
      const end = length + bytes.write(key.slice(length), length, 'utf8');
      for (; length < end; length++) hash = Math.imul(hash ^ bytes[length]!, FNV_PRIME);
    }
    this.#keyLength = length;
    this.#keyHash = mixed(hash);
  }

  /** The slot of the key taken: that which holds it, or the free one where it belongs. */
  #find(): number {
    const mask = this.#slots.length - 1;
    let slot = this.#keyHash & mask;
    for (let id = this.#slots[slot]!; id > 0; id = this.#slots[slot]!) {
      if (this.#hashes[id - 1] === this.#keyHash && this.#isKey(id - 1)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isKey(id: number): boolean {
    const start = id === 0 ? 0 : this.#ends[id - 1]!;
    const end = this.#ends[id]!;
    return this.#key.compare(this.#text, start, end, 0, this.#keyLength) === 0;
  }

  #insert(slot: number, offset: number): void {
    const id = this.#size++;
    if (id === this.#offsets.length) this.#resize(Math.max(FEW, id * 2));
    const start = this.#textEnd(id);
    const end = start + this.#keyLength;
    if (end > this.#text.length) this.#text = resized(this.#text, Math.max(end, this.#text.length * 2));
    this.#key.copy(this.#text, start, 0, this.#keyLength);
    this.#ends[id] = end;
    this.#hashes[id] = this.#keyHash;
    this.#offsets[id] = offset;
    this.#counts[id] = 1;
    this.#slots[slot] = id + 1;
    if (this.#size * 1.5 > this.#slots.length) this.#spread(this.#slots.length * 2);
  }

  #textEnd(size = this.#size): number {
    return size === 0 ? 0 : this.#ends[size - 1]!;
  }

  #resize(capacity: number): void {
    const resize = (array: Uint32Array<ArrayBuffer>) => {
      const other = new Uint32Array(capacity);
      other.set(array.subarray(0, this.#size));
      return other;
    };
    this.#hashes = resize(this.#hashes);
    this.#offsets = resize(this.#offsets);
    this.#counts = resize(this.#counts);
    this.#ends = resize(this.#ends);
  }

  #spread(slotCount: number): void {
    const slots = new Uint32Array(slotCount);
    for (let id = 0; id < this.#size; id++) {
      let slot = this.#hashes[id]! & (slotCount - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

const FEW = 16;
/** Bytes a key, for nearly all e-mail addresses. */
const ROOM_FOR_TEXT = 48;

function slotsFor(keys: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(FEW, keys) * 1.5));
}

/** @source FNV-1a, isthe.com/chongo/tech/comp/fnv */
const FNV_PRIME = 0x01000193;

/** Every bit of the hash counts in its lower ones. @source MurmurHash3, fmix32 */
function mixed(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function resized(bytes: Buffer, length: number): Buffer<ArrayBuffer> {
  const other = Buffer.alloc(length);
  bytes.copy(other);
  return other;
}
