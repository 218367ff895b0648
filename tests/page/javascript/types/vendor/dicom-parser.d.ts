export interface Element {
  tag: string;
  vr?: string;
  length: number;
  dataOffset: number;
  items?: { dataSet?: DataSet }[];
}
export interface ByteArrayParser {
  readUint16(bytes: Uint8Array, position: number): number;
}
export interface ByteStream {
  position: number;
}
export interface DataSet {
  byteArray: Uint8Array;
  byteArrayParser: ByteArrayParser;
  elements: Record<string, Element>;
}
type Options = { vrCallback?: (tag: string) => string | undefined };
declare const parser: {
  bigEndianByteArrayParser: ByteArrayParser;
  littleEndianByteArrayParser: ByteArrayParser;
  ByteStream: new (parser: ByteArrayParser, bytes: Uint8Array, position: number) => ByteStream;
  DataSet: new (parser: ByteArrayParser, bytes: Uint8Array, elements: object) => DataSet;
  parseDicomDataSetImplicit(set: DataSet, stream: ByteStream, end: number, options: Options): void;
  parseDicomDataSetExplicit(set: DataSet, stream: ByteStream, end: number, options: Options): void;
  readDicomElementExplicit(stream: ByteStream, warnings: string[]): Element;
  readFixedString(bytes: Uint8Array, position: number, length: number): string;
};
export default parser;
