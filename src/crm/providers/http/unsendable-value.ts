/** A value that cannot be written where it should stand, such as a line break in a header. The message holds no value. */
export class UnsendableValue extends Error {
  override readonly name = 'UnsendableValue';
}
