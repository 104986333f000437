const WIDTH = 16;
const BLOCK = '████';
const FRAME_MS = 120;

/** A line on a terminal that is written over and over: how much is to come nobody knows, so its bar only shows that it goes on. */
export class ProgressLine {
  #text = '';
  #frame = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly out: NodeJS.WritableStream) {
    this.#timer = setInterval(() => this.#draw(), FRAME_MS).unref();
  }

  show(text: string): void {
    this.#text = text;
    this.#draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.out.write('\r\u001B[K');
  }

  #draw(): void {
    const room = WIDTH - BLOCK.length;
    const at = room - Math.abs(room - (this.#frame++ % (2 * room)));
    this.out.write(`\r\u001B[K[${' '.repeat(at)}${BLOCK}${' '.repeat(room - at)}] ${this.#text}`);
  }
}
