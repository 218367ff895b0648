type Raster = Uint8Array | Uint16Array | Uint32Array | Int32Array;
export interface Image {
  isTiled: boolean;
  fileDirectory: {
    hasTag(name: string): boolean;
    loadValue(name: string): Promise<number | ArrayLike<number> | undefined>;
  };
  getWidth(): number;
  getHeight(): number;
  getBitsPerSample(): number;
  getSampleFormat(): number;
  getSamplesPerPixel(): number;
  readRasters(): Promise<Raster[]>;
}
export interface Tiff {
  firstIFDOffset: number | bigint;
  getImage(index: number): Promise<Image>;
  requestIFD(index: number): Promise<{ nextIFDByteOffset: number | bigint }>;
}
declare const geotiff: { fromArrayBuffer(content: ArrayBufferLike): Promise<Tiff> };
export default geotiff;
